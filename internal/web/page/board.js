// The live board: draws what /api/events sends. Every figure arrives as text that the
// server has cut for display; nothing is computed or rounded here.
const words = {
  zh: {
    today: '今日', waiting: '当前排队', longest: '最长等待',
    agents: '坐席', agents_off: '未接入:数据源不提供坐席状态', talking: '通话', free: '空闲', wrapup: '话后', paused: '小休', signed_in: '在岗', recent: '近期(按判定时刻)', interval: '95% 区间',
    recent_note: '竖线为目标。样本少时区间宽,不足以判断。', curve: '今日每 15 分钟:来电与接听', answered: '人工接听', lost: '未接',
    year: '年度接听通数', topics: '今日热点业务', topics_note: '一通来电可涉及多项', queues: '今日各技能组', calls: '通',
    misses: '达标余量', misses_n: n => `还可漏接 ${n} 通`, answers_n: n => `再连续接听 ${n} 通可达标`,
    sl: '15秒应答率(占接听)', timeliness: '12333热线响应及时率', asa: '平均等待', seconds: s => `${s} 秒`, offered: '来电总量',
    above: '达标', below: '未达标', target: '目标', none: '无数据', off: '未接入', queue: '技能组', rate: '接通率', requested: '请求', ans: '接听',
    quarter: '本季接通率', year_rate: '本年接通率', in_service: '服务中', closed: '非服务时间', no_calendar: '缺少工作日历', data_to: '数据截至', lost_link: '连接中断',
    definition: '口径', agent_rate: '人工接通率', composite_rate: '综合接通率(含自助)', composite_service_hours_rate: '综合接通率(含自助,服务时间内)', agent_excl_short_rate: '人工接通率(不计速挂)',
    agent_formula: '人工接听量 ÷ 人工请求量', composite_formula: '(人工接听量 + 自助服务量) ÷ 来电总量', composite_service_hours_formula: '(人工接听量 + 自助服务量) ÷ 来电总量,服务时间内', agent_excl_short_formula: '人工接听量 ÷ (人工请求量 − 速挂)',
    since: d => `,${d}起`, unconfirmed: '待确认', w15m: '最近15分钟', w1h: '最近1小时',
    stale: n => `另有 ${n} 通超过 4 小时未判定`, wan: '万通', no_calls: '今天还没有来电', unnamed: '(未标明)', month: '本月接通率',
  },
  en: {
    today: 'Today: ', waiting: 'Calls waiting', longest: 'longest wait',
    agents: 'Agents', agents_off: 'not connected: no source tells agent states', talking: 'talking', free: 'free', wrapup: 'wrap-up', paused: 'paused', signed_in: 'signed in', recent: 'Recent (by moment of decision)', interval: '95% interval',
    recent_note: 'The line is the target. Few calls, wide interval: no judgement.', curve: 'Today per 15 minutes: offered and answered', answered: 'answered', lost: 'lost',
    year: 'Answered calls this year', topics: 'Topics today', topics_note: 'a call may have several', queues: 'Queues today', calls: '',
    misses: 'misses left', misses_n: n => `${n} more may be lost`, answers_n: n => `${n} answers in a row to recover`,
    sl: 'of answered within 15 s', timeliness: 'response timeliness', asa: 'ASA', seconds: s => `${s} s`, offered: 'offered',
    above: 'met', below: 'missed', target: 'target', none: 'no data', off: 'not connected', queue: 'queue', rate: 'rate', requested: 'requested', ans: 'answered',
    quarter: 'rate, quarter', year_rate: 'rate, year', in_service: 'in service', closed: 'closed', no_calendar: 'no calendar', data_to: 'data to', lost_link: 'connection lost',
    definition: 'definition', agent_rate: 'agent answer rate', composite_rate: 'composite answer rate', composite_service_hours_rate: 'composite answer rate, service hours', agent_excl_short_rate: 'agent answer rate, short abandons left out',
    agent_formula: 'answered ÷ requested', composite_formula: '(answered + self-service) ÷ offered', composite_service_hours_formula: '(answered + self-service) ÷ offered, within service hours', agent_excl_short_formula: 'answered ÷ (requested − short abandons)',
    since: d => `, since ${d}`, unconfirmed: 'not confirmed', w15m: 'last 15 min', w1h: 'last hour',
    stale: n => `${n} more undecided for over 4 hours`, wan: '×10,000', no_calls: 'no calls yet today', unnamed: '(unnamed)', month: 'rate, month',
  },
};
const $ = id => document.getElementById(id);
const language = document.documentElement.lang === 'en' ? 'en' : 'zh';
const traced = document.body.hasAttribute('data-traced'); // the viewer may see calls
let view = null, heard = 0, skew = 0;
const t = key => words[language][key];
const lag = () => (heard ? performance.now() - heard : Infinity);

function el(tag, cls, text) {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  if (text !== undefined) e.textContent = text;
  return e;
}
// A figure of today leads to the calls it is made of.
function traceTo(figure, text, place) {
  if (!traced || !view) return text;
  const a = el('a', '', text), q = new URLSearchParams({ figure, period: dayFormat(view.zone).format(Date.now() + skew), ...place });
  a.href = `/calls?${q}`;
  return a;
}
const missing = r => t(!r || !r.not_connected ? 'none' : r.not_connected === 'service_hours' ? 'no_calendar' : 'off');
const figure = r => (r && r.text) || missing(r);
const below = r => r.not_connected === 'service_hours' ? '—' : r.den.toLocaleString('en'); // without a calendar nobody knows the requested

function facts(id, pairs) {
  $(id).replaceChildren(...pairs.map(([name, value]) => {
    const d = el('div');
    const dd = el('dd');
    dd.append(value);
    d.append(el('dt', '', name), dd);
    return d;
  }));
}

function draw() {
  for (const e of document.querySelectorAll('[data-t]')) e.textContent = t(e.dataset.t);
  $('title').textContent = document.title = view?.title?.[language] || (language === 'zh' ? '12333 热线' : 'Hotline 12333');
  if (!view) return;
  const { today } = view, r = today.rate;
  $('service').textContent = view.no_calendar ? `▲ ${t('no_calendar')}` : view.service_open ? `● ${t('in_service')}` : t('closed');
  $('service').title = view.no_calendar || '';
  $('service').classList.toggle('ok', view.service_open);
  $('service').classList.toggle('old', !!view.no_calendar);
  const d = view.definition;
  $('definition').replaceChildren(`${t('definition')} `, el('b', '', `${t(d.name + '_rate')} v${d.version}`), d.confirmed ? t('since')(d.since) : ` ${t('unconfirmed')}`);
  $('definition').title = d.text[language] || '';
  $('today-h').textContent = `${t('today')}${t(d.name + '_rate')}`;
  $('today-formula').textContent = t(d.name + '_formula');
  $('today-formula').title = d.text[language] || '';
  const tone = r.text ? (r.met ? 'good' : 'bad') : '';
  $('rate').className = `huge ${tone || 'none'}`;
  if (r.text) $('rate').replaceChildren(traceTo('answer_rate', r.text.replace('%', '')), el('small', '', '%'));
  else $('rate').textContent = figure(r);
  $('answered').replaceChildren(traceTo(d.name === 'agent' ? 'answered' : 'answer_rate', r.num.toLocaleString('en')));
  $('requested').replaceChildren(' / ', traceTo(d.name === 'agent' ? 'requested' : 'answer_rate', below(r)), ` ${t('calls')}`);
  $('verdict').className = `verdict ${tone}`;
  $('offered').replaceChildren(`${t('offered')} `, traceTo('offered', today.offered.toLocaleString('en')));
  $('verdict').textContent = r.text ? `${r.met ? '▲' : '▼'} ${t(r.met ? 'above' : 'below')} · ${t('target')} ${view.targets.answer_rate}` : '';
  const bar = $('rate-bar');
  bar.className = `bar ${tone}`;
  bar.children[0].style.width = `${100 * (r.value ?? 0)}%`;
  bar.children[1].style.left = view.targets.answer_rate;
  facts('today-facts', [
    ...['agent', 'composite'].filter(k => k !== d.name).map(k => [t(k + '_rate'), traceTo(`answer_rate_${k}`, figure(today[k]))]),
    [t('misses'), !r.text ? '—' : r.met ? t('misses_n')(today.misses_left) : t('answers_n')(today.answers_needed)],
    [t('timeliness'), today.timeliness_leads === 'wait' ? traceTo('response_timeliness_wait', figure(today.timeliness)) : figure(today.timeliness)],
    [t('asa'), today.asa.text ? traceTo('asa_seconds', t('seconds')(today.asa.text)) : figure(today.asa)],
  ]);
  $('waiting').textContent = view.waiting.count;
  $('waiting-unit').textContent = t('calls');
  $('stale-open').hidden = !view.waiting.stale;
  $('stale-open').textContent = t('stale')(view.waiting.stale);
  $('agents').hidden = !view.agents;
  $('agents-off').hidden = !!view.agents;
  if (view.agents) facts('agents', ['talking', 'free', 'wrapup', 'paused', 'signed_in'].map(k => [t(k), view.agents[k]]));
  recent();
  curve(today.curve);
  const y = view.year;
  $('year-target').textContent = `${t('target')} ${view.targets.answered_calls.toLocaleString('en')} ${t('calls')}`;
  $('year-answered').textContent = y.answered.toLocaleString('en');
  $('year-share').textContent = y.share;
  $('year-bar').children[0].style.width = `${Math.min(100, 100 * y.answered / view.targets.answered_calls)}%`;
  facts('year-facts', [[t('year_rate'), figure(y.rate)], [t('quarter'), figure(view.quarter)], [t('month'), figure(view.month)]]);
  topics();
  queues();
}

function recent() {
  $('recent').replaceChildren(...view.recent.map(w => {
    const row = el('div', 'window');
    const range = el('div', 'range');
    if (w.rate.text) {
      const span = el('div', 'span'), dot = el('div', `dot ${w.rate.met ? 'good' : 'warn'}`), goal = el('div', 'goal');
      span.style.left = `${100 * w.low}%`;
      span.style.width = `${100 * (w.high - w.low)}%`;
      dot.style.left = `${100 * w.rate.value}%`;
      goal.style.left = view.targets.answer_rate;
      range.append(span, goal, dot);
    }
    row.append(el('span', '', t(`w${w.window}`)), range, el('span', 'count', w.rate.text ? `${w.rate.num}/${w.rate.den}` : missing(w.rate)));
    row.title = w.rate.text ? `${w.rate.text}, 95% ${w.low_text}–${w.high_text}` : '';
    return row;
  }));
}

const NS = 'http://www.w3.org/2000/svg';
function svg(tag, attributes, text) {
  const e = document.createElementNS(NS, tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  return e;
}

function curve(points) {
  const box = $('curve');
  const last = points.findLastIndex(p => p.offered > 0), first = points.findIndex(p => p.offered > 0);
  if (first < 0) return box.replaceChildren(el('p', 'empty', t('no_calls')));
  // The working day at least, so that the bars keep their places as the day goes on.
  const from = Math.min(first, Math.max(0, points.findIndex(p => p.at >= '08:00')));
  let to = points.findIndex(p => p.at >= '18:00');
  to = Math.max(last + 1, to < 0 ? points.length : to);
  const shown = points.slice(from, to), w = box.clientWidth || 1200, h = box.clientHeight || 200;
  const top = Math.max(4, ...shown.map(p => p.requested)), left = 34, bottom = 24, step = (w - left) / shown.length;
  const y = n => (h - bottom) - (h - bottom - 8) * n / top;
  const s = svg('svg', { viewBox: `0 0 ${w} ${h}`, role: 'img', 'aria-label': `${t('curve')}: ${shown.filter(p => p.requested).map(p => `${p.at} ${p.answered}/${p.requested}`).join(', ')}` });
  const defs = svg('defs', {}), hatch = svg('pattern', { id: 'hatch', width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' });
  hatch.append(svg('rect', { width: 3, height: 5, fill: 'var(--bad)' }));
  defs.append(hatch);
  s.append(defs);
  for (const n of [...new Set([0, Math.round(top / 2), top])]) {
    s.append(svg('line', { class: 'grid', x1: left, x2: w, y1: y(n), y2: y(n) }), svg('text', { x: 0, y: y(n) + 4 }, n));
  }
  const every = Math.max(1, Math.ceil(52 / step)), labelled = every <= 4 ? 4 : Math.ceil(every / 4) * 4;
  shown.forEach((p, i) => {
    const x = left + i * step + step * 0.15, width = step * 0.7, lost = p.requested - p.answered;
    const bar = svg('g', {});
    bar.append(svg('title', {}, `${p.at}  ${p.answered}/${p.requested}`));
    if (p.answered) bar.append(svg('rect', { class: 'a', x, width, y: y(p.answered), height: y(0) - y(p.answered), rx: 2 }));
    if (lost > 0) bar.append(svg('rect', { class: 'l', x, width, y: y(p.requested), height: Math.max(1, y(p.answered) - y(p.requested) - 1), rx: 2 }));
    s.append(bar);
    if ((from + i) % labelled === 0) s.append(svg('text', { x: x + width / 2, y: h - 6, 'text-anchor': 'middle' }, p.at));
  });
  box.replaceChildren(s);
}

function topics() {
  const list = view.topics ?? [];
  if (!list.length) return $('topics').replaceChildren(el('p', 'empty', t('none')));
  const top = Math.max(...list.map(x => x.calls));
  $('topics').replaceChildren(...list.map(x => {
    const row = el('div', 'row'), track = el('div'), meter = el('div', 'meter');
    meter.style.width = `${100 * x.calls / top}%`;
    track.append(meter);
    const num = el('span', 'num'), calls = x.calls.toLocaleString('en');
    num.append(x.name ? traceTo('offered', calls, { topic: x.name }) : calls);
    row.append(el('span', '', x.name || t('unnamed')), track, num);
    return row;
  }));
}

function queues() {
  const list = view.queues ?? [];
  if (!list.length) return $('queues').replaceChildren(el('p', 'empty', t('none')));
  const table = el('table'), head = el('tr');
  head.append(...['queue', 'ans', 'requested', 'rate', 'waiting'].map(k => { const th = el('th', '', t(k)); th.scope = 'col'; return th; }));
  table.append(head, ...list.map(q => {
    const tr = el('tr'), rate = el('td', q.rate.text ? (q.rate.met ? 'good' : 'bad') : '');
    rate.append(q.rate.text ? `${q.rate.met ? '▲' : '▼'} ` : '', q.rate.text && q.name ? traceTo('answer_rate_agent', q.rate.text, { queue: q.name }) : figure(q.rate));
    tr.append(el('td', '', q.name || t('unnamed')), el('td', '', q.rate.num), el('td', '', below(q.rate)), rate, el('td', '', q.waiting));
    return tr;
  }));
  $('queues').replaceChildren(table);
}

const clockFormat = zone => new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: zone });
const secondFormat = zone => new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone: zone });
const dayFormat = zone => new Intl.DateTimeFormat('en-CA', { timeZone: zone });

// tick runs the parts that move without the server: clock, longest wait, age of the data.
function tick() {
  if (!view) {
    if (performance.now() > 5000) gone();
    return;
  }
  const now = Date.now() + skew, f = $('freshness'), silent = lag() > 10000;
  $('clock').textContent = clockFormat(view.zone).format(now);
  const since = view.waiting.longest_since ? Math.max(0, Math.floor((now - Date.parse(view.waiting.longest_since)) / 1000)) : null;
  $('longest').textContent = since === null ? '—' : `${Math.floor(since / 60)}:${String(since % 60).padStart(2, '0')}`;
  $('longest').className = since === null ? 'large none' : since > 60 ? 'large bad' : since > 15 ? 'large warn' : 'large';
  if (silent) return gone();
  f.className = 'pill';
  if (!view.data_to) return void (f.textContent = `${t('data_to')} —`);
  const to = Date.parse(view.data_to), day = dayFormat(view.zone);
  const stamp = (day.format(to) === day.format(now) ? '' : `${day.format(to)} `) + secondFormat(view.zone).format(to);
  f.replaceChildren(`${t('data_to')} `, el('b', '', stamp));
  f.classList.toggle('old', now - Date.parse(view.checked_at) > 40000 || view.service_open && now - to > 15 * 60000);
}

function gone() {
  const f = $('freshness');
  f.className = 'pill gone';
  f.textContent = view?.data_to ? `${t('lost_link')} · ${t('data_to')} ${secondFormat(view.zone).format(Date.parse(view.data_to))}` : t('lost_link');
}

function listen() {
  const events = new EventSource('/api/events');
  events.addEventListener('board', e => {
    view = JSON.parse(e.data);
    skew = Date.parse(view.now) - Date.now();
    heard = performance.now();
    draw();
    tick();
  });
  events.addEventListener('alive', () => { heard = performance.now(); });
  // A closed stream (the server restarted with an error in between) is not retried by the browser itself.
  events.onerror = () => { if (events.readyState === EventSource.CLOSED) setTimeout(again, 2000); };
}

// again listens anew, unless the session is over: then the page itself leads to signing in.
function again() {
  fetch('/api/board').then(r => (r.status === 401 ? location.reload() : listen()), () => setTimeout(again, 2000));
}

// The box gets its size after the cards around it are filled, and again with the window.
// In a frame of its own: drawing within the observation would be observed again, which browsers report as an error.
new ResizeObserver(() => requestAnimationFrame(() => view && curve(view.today.curve))).observe($('curve'));
draw();
listen();
setInterval(tick, 500);
