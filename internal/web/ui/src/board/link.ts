import { SILENCE } from './format';
import type { Day, View } from './view';

export interface Hears {
  board(v: View): void;
  day(d: Day): void;
}

const RETRY = 2000; // ms, and as much again by chance: two hundred screens do not come at once

/**
 * The stream of events, for months: one EventSource at a time, opened anew when it is silent,
 * also where the network still takes it to be alive. A page of another build than the server's
 * loads itself anew; so does one whose session is over, which leads to signing in.
 */
export class Link {
  private source: EventSource | null = null;
  private heard = -Infinity;
  private tried = -Infinity;
  private ticked = Date.now();
  private probing = false;
  private slept = false;

  constructor(private readonly hears: Hears, private readonly build: string) {
    addEventListener('pagehide', () => this.close());
    addEventListener('pageshow', e => { if (e.persisted) this.open(); });
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.tick(true); });
    addEventListener('online', () => this.retry());
  }

  /** Milliseconds since the server last spoke. */
  silence(): number { return performance.now() - this.heard; }

  /** The machine has slept, and nothing has been heard since. */
  waking(): boolean { return this.slept; }

  open(): void {
    this.close();
    this.tried = performance.now();
    const source = this.source = new EventSource('/api/events');
    const on = (name: string, act: (data: string) => void) => source.addEventListener(name, e => {
      if (source !== this.source) return;
      this.heard = performance.now();
      this.slept = false;
      act((e as MessageEvent<string>).data);
    });
    on('hello', data => this.greeted(JSON.parse(data) as string));
    on('day', data => this.hears.day(JSON.parse(data) as Day));
    on('board', data => this.hears.board(JSON.parse(data) as View));
    on('alive', () => {});
    // The browser itself retries what was cut off; what was refused it does not.
    source.onerror = () => { if (source === this.source && source.readyState === EventSource.CLOSED) this.later(); };
  }

  private close(): void {
    this.source?.close();
    this.source = null;
  }

  /** Looks after the stream, twice a second. */
  tick(shown = false): void {
    const now = Date.now(), gap = now - this.ticked;
    this.ticked = now;
    // Hidden pages tick seldom; one that is shown and has not for a while has slept.
    if (!document.hidden && !shown && gap > 5000) {
      this.slept = true;
      return this.retry();
    }
    if (this.silence() > SILENCE && performance.now() - this.tried > SILENCE) this.retry();
  }

  private later(): void {
    const tried = this.tried;
    setTimeout(() => { if (this.tried === tried) this.retry(); }, RETRY * (1 + Math.random()));
  }

  /** Asks whether there is anybody, and whether we may still, then listens anew. */
  private retry(): void {
    if (this.probing) return;
    this.probing = true;
    this.tried = performance.now();
    fetch('/api/board', { cache: 'no-store', signal: AbortSignal.timeout(8000) }).then(
      r => {
        this.probing = false;
        if (r.status === 401 || r.status === 403) return location.reload();
        if (r.ok || r.status === 503) return this.open(); // 503: the figures are being read
        this.later();
      },
      () => {
        this.probing = false;
        this.later();
      },
    );
  }

  /** Two servers of different builds behind one address must not make a page load for ever. */
  private greeted(build: string): void {
    if (!this.build || build === this.build) return;
    const last = Number(sessionStorage.getItem('hotline_reloaded') ?? 0);
    if (Date.now() - last < 60_000) return;
    sessionStorage.setItem('hotline_reloaded', String(Date.now()));
    location.reload();
  }
}
