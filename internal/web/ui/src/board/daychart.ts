import uPlot from 'uplot';
import { axis, Chart, faint, stripes, type Paint } from './paint';
import { number, span } from './format';
import { $, el, say, show } from './dom';
import { t } from './words';
import type { Curve, Day } from './view';

// Calls are whole: so are the steps of their axis.
const whole = Array.from({ length: 7 }, (_, i) => [1, 2, 5].map(n => n * 10 ** i)).flat();

type Columns = (number | null)[][];

/** The columns of the chart: usual band and line, then bars from back to front, so that what is covered shows as a stack. */
export function columns(curve: Curve, day: Day, from: number, to: number): Columns {
  const cut = (list: number[] | undefined) => Array.from({ length: to - from }, (_, i) => list?.[from + i] ?? null);
  // Nothing is not a bar without height, whose edge would be drawn.
  const past = (list: number[]) => cut(list).map((v, i) => (from + i > curve.running ? null : v || null));
  return [
    Array.from({ length: to - from }, (_, i) => from + i),
    cut(day.usual?.most), cut(day.usual?.least),
    past(curve.offered), past(curve.requested ?? []), past(curve.answered),
    cut(day.usual?.offered),
  ];
}

/** Today by quarter hour against the usual day. */
export class DayChart extends Chart {
  private curve: Curve | null = null;
  private day: Day | null = null;
  private drawn = '';
  private range = { from: 0, to: 0 };
  private running = 0; // how far the running quarter hour has come, 0 to 1
  private readonly tip = el('div', 'tip');

  constructor(box: HTMLElement, private readonly table: HTMLElement, private readonly summary: HTMLElement) {
    super(box);
    this.tip.hidden = true;
  }

  set(curve: Curve, day: Day, running: number): void {
    this.running = running;
    const what = JSON.stringify([curve, day.date, day.usual !== null]);
    if (what === this.drawn && this.day === day) return;
    this.drawn = what;
    [this.curve, this.day] = [curve, day];
    const range = span(day.at, curve, day.usual?.offered);
    const same = range.from === this.range.from && range.to === this.range.to;
    this.range = range;
    this.tell();
    if (this.plot && same) this.plot.setData(this.data());
    else this.anew();
  }

  /** Moves the mark of the present. */
  now(running: number): void {
    if (Math.abs(running - this.running) < 0.02) return;
    this.running = running;
    this.plot?.redraw(false, false);
  }

  private data(): uPlot.AlignedData {
    return columns(this.curve!, this.day!, this.range.from, this.range.to) as unknown as uPlot.AlignedData;
  }

  private tell(): void {
    const { curve, day } = this, { at, usual } = day!;
    const rows = at.map((text, i) => ({ text, i })).filter(({ i }) => i <= curve!.running && curve!.offered[i]);
    const body = rows.map(({ text, i }) => {
      const tr = el('tr');
      tr.append(el('th', '', text), el('td', '', String(curve!.offered[i])), el('td', '', curve!.requested ? String(curve!.requested[i]) : t.off), el('td', '', String(curve!.answered[i])), el('td', '', usual ? usual.offered[i]!.toFixed(1) : '—'));
      (tr.firstElementChild as HTMLTableCellElement).scope = 'row';
      return tr;
    });
    show($('lost-key'), curve!.requested !== null);
    say($('other-key'), curve!.requested ? t.self : t.others); // who was lost is among them
    this.table.querySelector('tbody')?.replaceChildren(...body);
    say(this.summary, usual ? '' : t.no_usual);
    show(this.summary, !usual);
  }

  protected make(p: Paint, width: number, height: number): uPlot | null {
    if (!this.curve || !this.day) return null;
    const { from, to } = this.range, { at } = this.day, bars = uPlot.paths.bars!({ size: [0.72, 46 * p.rem / 16], radius: 0.12 });
    const bar = (label: string, fill: string | CanvasPattern, stroke: string): uPlot.Series => ({ label, paths: bars, fill: () => fill as string, stroke, width: 1, points: { show: false } });
    const clear = 'rgba(0,0,0,0)';
    const edge = (): uPlot.Series => ({ stroke: clear, width: 0, points: { show: false } });
    const plot = new uPlot({
      width, height, padding: [8, 6, 0, 0], legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
      scales: { x: { time: false, range: [from - 0.5, to - 0.5] }, y: { range: (_, __, max) => [0, Math.max(4, max * 1.06)] } },
      axes: [
        axis(p, { grid: { show: false }, size: p.rem * 1.5, splits: () => this.labels(width, p), values: (_, list) => list.map(i => at[i] ?? '') }),
        axis(p, { size: (_, list) => p.rem * (0.9 + 0.5 * Math.max(2, ...(list ?? []).map(v => v.length))), incrs: whole, space: p.rem * 2.4, values: (_, list) => list.map(number) }),
      ],
      bands: [{ series: [1, 2], fill: faint(p.mute, 0.16) }],
      series: [
        {}, edge(), edge(),
        bar(t.offered, p.track, faint(p.mute, 0.45)),
        bar(t.unanswered, stripes(p.bad, p.card), p.bad),
        bar(t.answered, p.blue, p.blue),
        { label: t.usual_short, stroke: p.ink, width: Math.max(1.5, p.rem / 9), dash: [p.rem * 0.4, p.rem * 0.3], points: { show: false } },
      ],
      hooks: { draw: [u => this.mark(u, p)], setCursor: [u => this.point(u)] },
    }, this.data(), this.box);
    plot.over.append(this.tip);
    plot.root.setAttribute('aria-hidden', 'true');
    return plot;
  }

  /** Where a label stands: on whole hours, as many as there is room for. */
  private labels(width: number, p: Paint): number[] {
    const { from, to } = this.range, at = this.day!.at, step = width / (to - from);
    const hours = [1, 2, 3, 4, 6].find(h => h * 4 * step > p.rem * 3.6) ?? 6;
    const list: number[] = [];
    for (let i = from; i < to; i++) if (at[i]!.endsWith(':00') && Number(at[i]!.slice(0, 2)) % hours === 0) list.push(i);
    return list;
  }

  /** The quarter hour that runs is not yet what it will be: it is veiled, and now is a line. */
  private mark(u: uPlot, p: Paint): void {
    const { running } = this.curve!, c = u.ctx, { from, to } = this.range;
    if (running < from || running >= to) return;
    const left = u.valToPos(running - 0.5, 'x', true), right = u.valToPos(running + 0.5, 'x', true), now = left + (right - left) * this.running;
    const { top, height } = u.bbox, scale = devicePixelRatio || 1;
    c.save();
    c.globalAlpha = 0.5;
    c.fillStyle = p.card;
    c.fillRect(left, top, right - left, height);
    c.globalAlpha = 1;
    c.fillStyle = p.ink;
    c.fillRect(now - scale * 0.75, top, scale * 1.5, height);
    c.font = p.font.replace(/(\d+)px/, (_, n: string) => `${Number(n) * scale}px`);
    const text = t.now, wide = c.measureText(text).width + 8 * scale, high = p.rem * 1.15 * scale;
    const x = Math.min(Math.max(now - wide / 2, u.bbox.left), u.bbox.left + u.bbox.width - wide);
    c.fillRect(x, top, wide, high);
    c.fillStyle = p.card;
    c.textBaseline = 'middle';
    c.textAlign = 'left';
    c.fillText(text, x + 4 * scale, top + high / 2);
    c.restore();
  }

  private point(u: uPlot): void {
    const at = u.cursor.idx, i = at == null ? -1 : (u.data[0][at] ?? -1);
    if (i < 0 || (u.cursor.left ?? -1) < 0) return show(this.tip, false);
    const { curve, day } = this, parts = [day!.at[i]!];
    if (i <= curve!.running) parts.push(`${t.offered} ${curve!.offered[i]}`, `${t.answered} ${curve!.answered[i]}`, curve!.requested ? `${t.unanswered} ${curve!.requested[i]! - curve!.answered[i]!}` : `${t.unanswered} ${t.off}`);
    if (day!.usual) parts.push(`${t.usual_short} ${day!.usual.offered[i]!.toFixed(1)} (${day!.usual.least[i]}–${day!.usual.most[i]})`);
    say(this.tip, parts.join(' · '));
    show(this.tip, true);
    const left = u.valToPos(i, 'x');
    this.tip.style.left = `${Math.min(Math.max(left, this.tip.offsetWidth / 2), u.over.clientWidth - this.tip.offsetWidth / 2)}px`;
  }
}
