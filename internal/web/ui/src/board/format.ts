import type { Curve, Figure, Recent } from './view';
import type { Words } from './words';

export const number = (n: number) => n.toLocaleString('en');

/** Minutes and seconds, with hours where there are any: 0:41, 1:02:03. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds)), two = (n: number) => String(n).padStart(2, '0');
  const h = Math.floor(s / 3600), m = Math.floor((s % 3600) / 60);
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** How long something lasts, in its largest unit: 3 秒, 12 分钟. */
export function length(ms: number, t: Words): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return t.seconds(s);
  if (s < 3600) return t.minutes(Math.floor(s / 60));
  if (s < 2 * 86400) return t.hours(Math.floor(s / 3600));
  const days = Math.floor(s / 86400);
  return days < 730 ? t.days(days) : t.years(Math.floor(days / 365.25));
}

/** Clocks of the hotline's zone. Made once: a formatter a second is what a wall screen would drown in. */
export class Clocks {
  private readonly minute: Intl.DateTimeFormat;
  private readonly second: Intl.DateTimeFormat;
  private readonly day: Intl.DateTimeFormat;

  constructor(readonly zone: string) {
    const two = '2-digit' as const;
    this.minute = new Intl.DateTimeFormat('en-GB', { hour: two, minute: two, timeZone: zone });
    this.second = new Intl.DateTimeFormat('en-GB', { hour: two, minute: two, second: two, timeZone: zone });
    this.day = new Intl.DateTimeFormat('en-CA', { timeZone: zone });
  }

  hhmm(at: number): string { return this.minute.format(at); }
  date(at: number): string { return this.day.format(at); }

  /** To the second; with the day where it is another than now's. */
  stamp(at: number, now: number): string {
    return (this.date(at) === this.date(now) ? '' : `${this.date(at)} `) + this.second.format(at);
  }

  /** To the minute; with month and day where they are others than now's. */
  brief(at: number, now: number): string {
    return (this.date(at) === this.date(now) ? '' : `${this.date(at).slice(5)} `) + this.hhmm(at);
  }
}

/** What is to be thought of the figures that are shown. */
export type Trust = 'live' | 'old' | 'stuck' | 'waking' | 'lost';

/** Milliseconds of silence after which a stream is broken: three pulses and a little. */
export const SILENCE = 10_000;
const STUCK = 40_000; // the store is asked four times a second, and told of every 15 seconds
const OLD = 15 * 60_000;

export interface Ages {
  heard: number; // ms since the server last spoke; Infinity: it never has
  checked: number; // since the store last answered it
  data: number; // of the newest record; Infinity: there is none
  open: boolean; // within service hours
  waking: boolean; // the machine has slept, and the stream has not spoken since
}

export function trust(a: Ages): Trust {
  if (a.heard > SILENCE) return 'lost';
  if (a.waking) return 'waking';
  if (a.checked > STUCK) return 'stuck';
  return a.open && a.data > OLD && a.data !== Infinity ? 'old' : 'live';
}

/** What a window says about the target: with few calls nothing. */
export function judged(w: Recent, target: number): 'none' | 'unsure' | 'met' | 'missed' {
  if (!w.rate.text) return 'none';
  if (w.low >= target) return 'met';
  return w.high < target ? 'missed' : 'unsure';
}

/** The part of the day that is drawn: from the first to the last quarter hour with a call, today or usually, and the working day at least, so that bars keep their places. */
export function span(at: string[], curve: Curve, usual: number[] | undefined): { from: number; to: number } {
  const busy = (i: number) => (curve.offered[i] ?? 0) > 0 || (usual?.[i] ?? 0) >= 0.5;
  const clock = (text: string, otherwise: number) => { const i = at.findIndex(a => a >= text); return i < 0 ? otherwise : i; };
  let from = clock('08:00', 0), to = clock('18:00', at.length);
  for (let i = 0; i < at.length; i++) {
    if (!busy(i)) continue;
    from = Math.min(from, i);
    to = Math.max(to, i + 1);
  }
  return { from, to };
}

/** Why there is no figure. */
export function missing(r: Figure | undefined, t: Words): string {
  if (!r?.not_connected) return t.none;
  return r.not_connected === 'service_hours' ? t.no_calendar : t.off;
}
