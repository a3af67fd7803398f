// The live board: draws what /api/events sends.
import 'uplot/dist/uPlot.min.css';
import './board.css';
import { $, attribute, look, say, show } from './dom';
import { AlarmBar } from './alarms';
import * as cards from './cards';
import { DayChart } from './daychart';
import { Clocks, duration, length, number, trust, type Trust } from './format';
import { Link } from './link';
import { Sound } from './sound';
import type { Day, Pace, View } from './view';
import { lang, t } from './words';
import { YearChart } from './yearchart';

const REMIND = 60_000; // while the connection is lost, the tone comes again

class Board {
  private view: View | null = null;
  private day: Day | null = null;
  private skew = 0; // the server's clock less ours
  private clocks: Clocks | null = null;
  private state: Trust = 'live';
  private stateSince = Date.now();
  private rung = 0;
  private readonly traced = document.body.hasAttribute('data-traced'); // the viewer may see calls
  private readonly alarms = new AlarmBar();
  private readonly dayChart = new DayChart($('curve'), $('curve-table'), $('no-usual'));
  private readonly yearChart = new YearChart($('course'));
  private readonly sound = new Sound(() => this.drawSound());
  private readonly link: Link;

  constructor() {
    this.link = new Link({ board: v => this.receive(v), day: d => this.receiveDay(d) }, document.querySelector('main')?.dataset.build ?? '');
    $('sound').addEventListener('click', () => this.sound.toggle());
    $('wall').addEventListener('click', () => void (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()));
    document.addEventListener('fullscreenchange', () => say($('wall'), document.fullscreenElement ? t.wall_end : t.wall));
    show($('wall'), document.fullscreenEnabled);
    this.drawSound();
    this.link.open();
    setInterval(() => this.tick(), 500);
  }

  private now(): number { return Date.now() + this.skew; }

  private receive(v: View): void {
    this.view = v;
    this.skew = Date.parse(v.now) - Date.now();
    if (this.clocks?.zone !== v.zone) this.clocks = new Clocks(v.zone);
    say($('title'), v.title[lang]);
    const trace: cards.Trace = (figure, place) => (this.traced ? `/calls?${new URLSearchParams({ figure, period: this.clocks!.date(this.now()), ...place })}` : '');
    cards.service(v);
    cards.today(v, trace);
    cards.waiting(v);
    cards.owed(v);
    cards.recent(v);
    cards.topics(v, trace);
    cards.queues(v, trace);
    cards.year(v);
    this.drawCurve();
    if (this.alarms.draw(v, this.now(), this.clocks).length) this.sound.play('urgent');
    this.tick();
  }

  private receiveDay(d: Day): void {
    this.day = d;
    const u = d.usual;
    show($('usual-key'), !!u);
    say($('usual-name'), u ? t.usual(u.name[lang]) : '');
    attribute($('usual-key'), 'title', u?.text[lang] ?? '');
    say($('usual-text'), u?.text[lang] ?? '');
    this.drawPace(d.pace);
    this.drawCurve();
  }

  private drawCurve(): void {
    if (!this.view || !this.day) return;
    const { curve, so_far: s, offered } = this.view.today;
    this.dayChart.set(curve, this.day, this.quarter());
    say($('so-far'), s ? t.so_far(s.until, number(s.offered), s.usual, s.change) : offered ? '' : this.view.data_to ? t.no_calls : t.nothing);
  }

  /** How much of the running quarter hour is over. */
  private quarter(): number { return (this.now() % 900_000) / 900_000; }

  private drawPace(p: Pace | null): void {
    show($('pace'), !!p);
    show($('year-chart'), !!p);
    if (!p) return;
    const behind = p.gap < 0, gap = $('pace-gap');
    say(gap, !p.as_of ? t.pace_begins : p.gap === 0 ? t.pace_even : behind ? `▼ ${t.pace_behind(number(-p.gap), p.change)}` : `▲ ${t.pace_ahead(number(p.gap), p.change)}`);
    look(gap, `verdict ${!p.as_of ? '' : behind ? 'warn' : 'good'}`);
    say($('pace-note'), p.as_of ? t.pace_note(p.as_of.slice(5), number(p.expected), p.working_days_over, p.working_days) : '');
    const f = p.forecast;
    say($('forecast'), f ? number(f.mean) : t.no_forecast);
    say($('forecast-range'), f ? `${number(f.low)}–${number(f.high)}` : '');
    say($('likelihood'), f ? t[f.likelihood] : '');
    say($('needed'), p.needed_per_working_day < 0 ? t.no_days_left : t.call_count(number(p.needed_per_working_day)));
    this.yearChart.set(p);
  }

  private drawSound(): void {
    const state = this.sound.state(), e = $('sound');
    say(e, { on: `♪ ${t.sound_on}`, off: t.sound_off, wait: `♪ ${t.sound_wait}` }[state]);
    attribute(e, 'aria-pressed', String(state === 'on'));
    look(e, `pill${state === 'wait' ? ' old' : ''}`);
  }

  /** Runs what moves without the server: clock, longest wait, ages, and whether figures are to be trusted. */
  private tick(): void {
    this.link.tick();
    const v = this.view, now = this.now();
    const to = v?.data_to ? Date.parse(v.data_to) : null;
    const state = trust({
      heard: this.link.silence(), waking: this.link.waking(), open: v?.service_open ?? false,
      checked: v ? now - Date.parse(v.checked_at) : 0, data: to === null ? Infinity : now - to,
    });
    // A page that has just been opened has not lost anything yet.
    if (state === 'lost' && !v && performance.now() < 5000) return;
    this.turn(state, to, now);
    if (!v || !this.clocks) return;
    say($('clock'), this.clocks.hhmm(now));
    attribute($('clock'), 'datetime', new Date(now).toISOString());
    this.freshness(state, to, now);
    if (state === 'lost' || state === 'waking') return; // who still waits is not known
    this.longest(v, now);
    this.dayChart.now(this.quarter());
  }

  private longest(v: View, now: number): void {
    const since = v.waiting.longest_since, e = $('longest'), s = since === null ? -1 : Math.max(0, (now - Date.parse(since)) / 1000);
    say(e, s < 0 ? '—' : duration(s));
    look(e, s < 0 ? 'none' : s > 60 ? 'bad' : s > 15 ? 'warn' : '');
    say($('longest-note'), s < 0 ? (v.waiting.not_connected ? '' : t.nobody) : s > 60 ? `▲ ${t.waited_long}` : s > 15 ? `▲ ${t.waited}` : '');
    look($('longest-note'), `note ${s > 60 ? 'bad' : s > 15 ? 'warn' : ''}`);
    const waits = v.waiting.count ? `(${v.waiting.count}) ` : '', title = `${waits}${v.title[lang]}`;
    if (this.state !== 'lost' && document.title !== title) document.title = title;
  }

  private freshness(state: Trust, to: number | null, now: number): void {
    const trusted = state === 'live';
    look($('freshness'), `pill${trusted ? '' : ' old'}`);
    say($('data-to'), to === null ? t.never : this.clocks!.stamp(to, now));
    say($('data-age'), to === null ? '' : `${trusted ? '' : '▲ '}${t.ago(length(now - to, t))}`);
  }

  /** Says what changed, to eyes, ears and screen readers. */
  private turn(state: Trust, to: number | null, now: number): void {
    const broken = state === 'lost' || state === 'stuck', e = $('trouble');
    if (state !== this.state) {
      const before = this.state;
      [this.state, this.stateSince, this.rung] = [state, Date.now(), 0];
      if (state === 'live' && before === 'lost') this.sound.play('back');
      say($('announce'), state === 'lost' ? t.lost : state === 'stuck' ? t.stuck : before === 'lost' || before === 'stuck' ? t.back : '');
      if (state === 'lost') document.title = `✕ ${t.lost}`;
    }
    show(e, broken);
    document.body.classList.toggle('untrusted', broken || state === 'waking');
    if (state === 'lost' && Date.now() - this.rung > REMIND) {
      this.rung = Date.now();
      this.sound.play('lost');
    }
    if (!broken) return;
    const at = to !== null && this.clocks ? this.clocks.stamp(to, now) : '';
    look(e, `strip ${state}`);
    say($('trouble-what'), state === 'lost' ? `✕ ${t.lost}` : `▲ ${t.stuck}`);
    say($('trouble-text'), !at ? t.lost_blank : state === 'lost' ? t.lost_text(at) : t.stuck_text(at));
    say($('trouble-since'), `${t.since_lost(length(Date.now() - this.stateSince, t))}${state === 'lost' ? ` · ${t.reconnecting}` : ''}`);
  }
}

new Board();
