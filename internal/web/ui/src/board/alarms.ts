import { $, attribute, each, el, look, named, part, say, show } from './dom';
import { length, type Clocks } from './format';
import type { Firing, View } from './view';
import { lang, t } from './words';

const MOST = 3; // lines; the rest is counted

/** Alerts in force, over everything else. Gives the urgent ones that were not there before. */
export class AlarmBar {
  private known: Set<string> | null = null;

  draw(v: View, now: number, clocks: Clocks): Firing[] {
    const a = v.alarms, firing = a?.firing ?? [];
    show($('alarms'), firing.length > 0);
    each($('alarm-list'), firing.slice(0, MOST), () => {
      const li = el('li');
      const go = named('a', 'runbook', 'runbook');
      say(go, `${t.what_to_do} ›`);
      li.append(named('b', 'severity', 'severity'), named('span', 'what', 'what'), named('span', 'since', 'since'), go);
      return li;
    }, (li, f) => {
      const since = Date.parse(f.since);
      look(li, f.page ? 'urgent' : 'notice');
      say(part(li, 'severity'), f.page ? `■ ${t.urgent}` : `▲ ${t.notice}`);
      say(part(li, 'what'), f.summary[lang] || f.name);
      say(part(li, 'since'), t.from(clocks.brief(since, now), length(now - since, t)));
      const go = part(li, 'runbook');
      show(go, !!f.runbook);
      attribute(go, 'href', f.runbook ?? '/runbooks');
    });
    show($('alarms-more'), firing.length > MOST);
    say($('alarms-more'), t.more(firing.length - MOST));
    this.maintenance(v, now, clocks);
    this.pill(v);
    const before = this.known;
    this.known = new Set(firing.map(f => f.id));
    return before ? firing.filter(f => f.page && !before.has(f.id)) : [];
  }

  private maintenance(v: View, now: number, clocks: Clocks): void {
    const m = v.alarms?.maintenance;
    show($('maintenance'), !!m);
    if (!m) return;
    say($('maintenance-what'), [m.reason, m.by].filter(Boolean).join(' · '));
    say($('maintenance-until'), t.until(clocks.brief(Date.parse(m.from), now), clocks.brief(Date.parse(m.to), now)));
  }

  /** That nothing is wrong is only said by who looks. */
  private pill(v: View): void {
    const a = v.alarms, e = $('alarm-state');
    const state = !a?.at ? 'unknown' : a.stale ? 'old' : a.firing.length ? 'firing' : 'clear';
    show(e, state !== 'firing');
    say(e, state === 'clear' ? `✓ ${t.no_alarm}` : state === 'old' ? `▲ ${t.not_checked}` : t.not_watched);
    look(e, `pill${state === 'old' ? ' old' : ''}`);
  }
}
