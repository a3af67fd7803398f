import uPlot from 'uplot';
import { axis, Chart, faint, type Paint } from './paint';
import { t } from './words';
import type { Pace } from './view';

/** How far the year has come at the end of a day, in months. */
export function place(date: string): number {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  return month - 1 + day / new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** The columns: months, the pace, what has come, and the way to the forecast. */
export function course(p: Pace): (number | null)[][] {
  const now = p.as_of ? place(p.as_of) : 0;
  const points = new Map<number, [pace: number, done: number | null, ahead: number | null]>([[0, [0, p.course[0]?.to_date === null ? null : 0, null]]]);
  for (const m of p.course) points.set(m.month, [m.expected, m.month <= now ? m.to_date : null, null]);
  points.set(now, [p.expected, now > 0 || points.get(0)![1] !== null ? p.to_date : null, p.forecast ? p.to_date : null]);
  if (p.forecast) {
    const end = points.get(12);
    if (end && now < 12) end[2] = p.forecast.mean;
  }
  const at = [...points.keys()].sort((a, b) => a - b);
  return [at, ...[0, 1, 2].map(k => at.map(x => points.get(x)![k as 0 | 1 | 2]))];
}

/** The year's answered calls against the line that leads to the target. */
export class YearChart extends Chart {
  private pace: Pace | null = null;

  set(pace: Pace): void {
    if (JSON.stringify(pace) === JSON.stringify(this.pace)) return;
    this.pace = pace;
    this.anew();
  }

  protected make(p: Paint, width: number, height: number): uPlot | null {
    const pace = this.pace;
    if (!pace) return null;
    const top = Math.max(pace.target, pace.to_date, pace.forecast?.high ?? 0) * 1.05;
    const every = width / 12 > p.rem * 2.6 ? 1 : 3;
    const plot = new uPlot({
      width, height, padding: [6, 8, 0, 0], legend: { show: false }, cursor: { show: false },
      scales: { x: { time: false, range: [0, 12.15] }, y: { range: [0, top] } },
      axes: [
        axis(p, { grid: { show: false }, size: p.rem * 1.4, splits: () => Array.from({ length: 12 }, (_, i) => i + 0.5).filter((_, i) => i % every === 0), values: (_, list) => list.map(m => t.month(m + 0.5)) }),
        axis(p, { size: p.rem * 2.4, space: p.rem * 2.2, values: (_, list) => list.map(v => t.big(v)) }),
      ],
      series: [
        {},
        { stroke: p.mute, width: 2, dash: [p.rem * 0.35, p.rem * 0.25], points: { show: false } },
        { stroke: p.blue, width: 3, fill: faint(p.blue, 0.18), points: { show: false }, spanGaps: false },
        { stroke: p.blue, width: 2, dash: [2, 5], points: { show: false }, spanGaps: true },
      ],
      hooks: { draw: [u => this.mark(u, p, pace)] },
    }, course(pace) as unknown as uPlot.AlignedData, this.box);
    plot.root.setAttribute('aria-hidden', 'true');
    return plot;
  }

  /** The target at the end, and how sure the forecast is. */
  private mark(u: uPlot, p: Paint, pace: Pace): void {
    const c = u.ctx, scale = devicePixelRatio || 1, x = u.valToPos(12, 'x', true), y = (v: number) => u.valToPos(v, 'y', true);
    c.save();
    c.fillStyle = p.ink;
    c.fillRect(u.bbox.left, y(pace.target) - scale / 2, u.bbox.width, scale);
    if (pace.forecast) {
      const { low, high } = pace.forecast, wide = 5 * scale;
      c.fillStyle = p.blue;
      c.fillRect(x - scale, y(high), 2 * scale, Math.max(scale, y(low) - y(high)));
      for (const v of [low, high]) c.fillRect(x - wide, y(v) - scale, 2 * wide, 2 * scale);
    }
    const now = pace.as_of ? place(pace.as_of) : 0;
    c.beginPath();
    c.arc(u.valToPos(now, 'x', true), y(pace.to_date), 4.5 * scale, 0, 7);
    c.fillStyle = p.blue;
    c.fill();
    c.lineWidth = 2 * scale;
    c.strokeStyle = p.card;
    c.stroke();
    c.restore();
  }
}
