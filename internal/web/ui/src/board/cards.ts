import { $, attribute, each, el, lead, look, named, part, say, show } from './dom';
import { judged, missing, number } from './format';
import type { Figure, Queue, Recent, View } from './view';
import { lang, t } from './words';

/** Where a figure of a period leads: to the calls it is made of, for who may see them. */
export type Trace = (figure: string, place?: Record<string, string>) => string;

const text = (r: Figure) => r.text || missing(r, t);
// How many were requested nobody knows without a calendar, and where the source does not tell.
const below = (r: Figure) => (r.not_connected === 'service_hours' || r.not_connected === 'requests' ? '—' : number(r.den));
const mark = (r: Figure) => (r.text ? (r.met ? '▲ ' : '▼ ') : '');
/** A name that may be cut: whole where the mouse rests on it. */
const called = (e: HTMLElement, name: string) => {
  say(e, name || t.unnamed);
  attribute(e, 'title', name);
};
const tone = (r: Figure) => (r.text ? (r.met ? 'good' : 'bad') : '');
const rateName = (name: string) => t[`${name}_rate` as 'agent_rate'] ?? name;

export function service(v: View): void {
  const e = $('service');
  say(e, v.no_calendar ? `▲ ${t.no_calendar}` : v.service_open ? `● ${t.in_service}` : `○ ${t.closed}`);
  look(e, `pill${v.no_calendar ? ' old' : v.service_open ? ' ok' : ''}`);
  attribute(e, 'title', v.no_calendar?.[lang] ?? '');
  const d = v.definition;
  say($('definition-name'), `${rateName(d.name)} v${d.version}`);
  say($('definition-state'), d.confirmed ? t.since(d.since ?? '') : ` ${t.unconfirmed}`);
  attribute($('definition'), 'title', d.text[lang]);
}

export function today(v: View, trace: Trace): void {
  const { today } = v, r = today.rate, d = v.definition, agent = d.name === 'agent';
  say($('today-h'), t.today(rateName(d.name)));
  say($('today-formula'), t[`${d.name}_formula` as 'agent_formula'] ?? '');
  attribute($('today-formula'), 'title', d.text[lang]);
  look($('rate'), `huge ${tone(r) || 'none'}${r.text.length > 5 ? ' long' : ''}`); // 100.0%
  look($('counts'), `big${r.den > 99_999 ? ' long' : ''}`);
  lead($('rate-text'), r.text ? r.text.replace('%', '') : text(r), r.text ? trace('answer_rate') : '');
  show($('rate-percent'), r.text !== '');
  lead($('answered'), number(r.num), trace(agent ? 'answered' : 'answer_rate'));
  lead($('requested'), below(r), trace(agent ? 'requested' : 'answer_rate'));
  look($('verdict'), `verdict ${tone(r)}`);
  say($('verdict'), r.text ? `${mark(r)}${r.met ? t.met : t.missed} · ${t.target} ${v.targets.answer_rate}` : '');
  bar('rate-bar', r, v.targets.answer_rate);
  second(v, trace);
  margin(v);
  lead($('timeliness'), text(today.timeliness), today.timeliness.text && today.timeliness_leads === 'wait' ? trace('response_timeliness_wait') : '');
  lead($('asa'), today.asa.text ? t.seconds(Number(today.asa.text)) : text(today.asa), today.asa.text ? trace('asa_seconds') : '');
  lead($('offered'), t.call_count(number(today.offered)), trace('offered'));
}

/** The other answer rate beside the one that leads: 83% can pass on one and fail on the other. */
function second(v: View, trace: Trace): void {
  const name = v.definition.name === 'agent' ? 'composite' : 'agent', r = v.today[name];
  say($('second-name'), rateName(name));
  look($('second-text'), `second ${tone(r)}`);
  lead($('second-text'), text(r), r.text ? trace(`answer_rate_${name}`) : '');
  say($('second-verdict'), r.text ? `${mark(r)}${r.met ? t.met : t.missed}` : '');
  look($('second-verdict'), tone(r));
  say($('second-counts'), r.text ? `${number(r.num)} / ${number(r.den)}` : '');
  bar('second-bar', r, v.targets.answer_rate);
}

function bar(id: string, r: Figure, target: string): void {
  const [fill, goal] = $(id).children as unknown as [HTMLElement, HTMLElement];
  look($(id), `bar ${tone(r)}`);
  fill.style.width = `${100 * (r.value ?? 0)}%`;
  goal.style.left = target;
}

function margin(v: View): void {
  const { rate: r, misses_left, answers_needed, allowance: a } = v.today;
  say($('misses'), !r.text ? '—' : r.met ? t.may_miss(number(misses_left)) : t.must_answer(number(answers_needed), answers_needed));
  look($('misses'), tone(r));
  say($('misses-day'), !r.text || !a ? '' : a.left < 0 ? t.day_gone(number(a.remaining)) : t.day_left(number(a.left), number(a.remaining)));
}

export function waiting(v: View): void {
  const told = !v.waiting.not_connected;
  say($('waiting'), told ? number(v.waiting.count) : t.off);
  look($('waiting'), told ? '' : 'off');
  show($('waiting-unit'), told);
  $('queue-pair').classList.toggle('many', v.waiting.count > 999);
  $('agents').classList.toggle('many', (v.agents?.signed_in ?? 0) > 999);
  show($('stale-open'), v.waiting.stale > 0);
  say($('stale-open'), t.stale_open(number(v.waiting.stale)));
  show($('agents'), v.agents !== null);
  show($('agents-off'), v.agents === null);
  if (v.agents) for (const state of ['signed_in', 'talking', 'free', 'wrapup', 'paused'] as const) say($(`agents-${state}`), number(v.agents[state]));
}

/** Who is to be called back. A visitor who may not see all of them has no such line. */
export function owed(v: View): void {
  if (!document.getElementById('owed')) return;
  const c = v.callbacks, known = c?.connected ?? false;
  say($('owed-count'), !c ? '—' : known ? t.people(number(c.owed)) : t.off);
  look($('owed-count'), known && c?.owed ? '' : 'none');
  say($('owed-late'), c && known && c.overdue ? `▲ ${t.overdue(number(c.overdue))}` : '');
  look($('owed'), `owed${c?.overdue ? ' bad' : ''}`);
}

export function recent(v: View): void {
  const target = Number.parseFloat(v.targets.answer_rate) / 100;
  each($('recent'), v.recent, () => {
    const row = el('div', 'window'), range = named('div', 'range', 'range');
    range.append(named('i', 'span', 'span'), named('i', 'goal', 'goal'), named('i', 'dot', 'dot'));
    row.append(named('span', 'name', 'name'), named('b', 'count', 'count'), range, named('span', 'rate', 'rate'), named('span', 'note', 'note wide'));
    return row;
  }, (row, w: Recent) => {
    const r = w.rate, verdict = judged(w, target), cls = { none: '', unsure: 'unsure', met: 'good', missed: 'bad' }[verdict];
    row.classList.toggle('many', r.den > 9999);
    say(part(row, 'name'), t[w.window]);
    say(part(row, 'count'), r.text ? `${number(r.num)}/${number(r.den)}` : missing(r, t));
    say(part(row, 'rate'), r.text);
    look(part(row, 'rate'), `rate ${cls}`);
    part(row, 'range').classList.toggle('blank', !r.text);
    part(row, 'goal').style.left = v.targets.answer_rate;
    if (!r.text) return say(part(row, 'note'), '');
    look(part(row, 'dot'), `dot ${cls}`);
    part(row, 'span').style.left = `${100 * w.low}%`;
    part(row, 'span').style.width = `${100 * (w.high - w.low)}%`;
    part(row, 'dot').style.left = `${100 * (r.value ?? 0)}%`;
    const says = { unsure: `≈ ${t.unsure}`, met: `▲ ${t.surely_met}`, missed: `▼ ${t.surely_missed}`, none: '' }[verdict];
    say(part(row, 'note'), `${says} · ${t.likely(w.low_text, w.high_text)}`);
  });
}

export function topics(v: View, trace: Trace): void {
  const list = v.topics ?? [], most = Math.max(1, ...list.map(x => x.calls));
  show($('no-topics'), !list.length);
  say($('no-topics'), v.today.offered ? t.no_topics : t.none);
  each($('topics'), list, () => {
    const row = el('li', 'row'), track = el('span', 'track');
    track.append(named('i', 'meter', 'meter'));
    row.append(named('span', 'name', 'name'), track, named('b', 'calls', 'num'));
    return row;
  }, (row, x) => {
    called(part(row, 'name'), x.name);
    part(row, 'meter').style.width = `${100 * x.calls / most}%`;
    lead(part(row, 'calls'), number(x.calls), x.name ? trace('offered', { topic: x.name }) : '');
  });
}

export function queues(v: View, trace: Trace): void {
  const list = v.queues ?? [];
  show($('queues-table'), list.length > 0);
  show($('no-queues'), !list.length);
  show($('queues-more'), v.more_queues > 0);
  say($('queues-more'), t.more_queues(number(v.more_queues)) + (v.more_waiting ? t.more_waiting(number(v.more_waiting)) : ''));
  each($('queues'), list, () => {
    const tr = el('tr'), th = named('th', 'name');
    th.scope = 'row';
    tr.append(th, named('td', 'waiting'), named('td', 'counts'), named('td', 'rate'));
    return tr;
  }, (tr, q: Queue) => {
    called(part(tr, 'name'), q.name);
    say(part(tr, 'waiting'), q.waiting === null ? '—' : number(q.waiting));
    look(part(tr, 'waiting'), q.waiting ? 'busy' : '');
    say(part(tr, 'counts'), `${number(q.rate.num)} / ${below(q.rate)}`);
    look(part(tr, 'rate'), tone(q.rate));
    lead(part(tr, 'rate'), `${mark(q.rate)}${text(q.rate)}`, q.rate.text && q.name ? trace('answer_rate_agent', { queue: q.name }) : '');
  });
}

export function year(v: View): void {
  say($('year-answered'), number(v.year.answered));
  say($('year-share'), v.year.share);
  say($('year-target'), `${t.target} ${t.call_count(number(v.targets.answered_calls))}`);
  for (const [id, r] of [['year-rate', v.year.rate], ['quarter-rate', v.quarter], ['month-rate', v.month]] as const) {
    say($(id), `${mark(r)}${text(r)}`);
    look($(id), tone(r));
  }
}
