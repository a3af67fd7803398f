import uPlot from 'uplot';

/** What charts are drawn with, taken from the page's own tokens. */
export interface Paint {
  ink: string;
  mute: string;
  line: string;
  card: string;
  blue: string;
  bad: string;
  track: string;
  rem: number;
  font: string;
}

export function paint(): Paint {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const rem = parseFloat(style.fontSize);
  return {
    ink: of('ink'), mute: of('mute'), line: of('line'), card: of('card'), blue: of('blue'), bad: of('bad'), track: of('track'),
    rem, font: `500 ${Math.max(11, Math.round(rem * 0.8))}px ${getComputedStyle(document.body).fontFamily}`,
  };
}

/** A token, which is #rrggbb, let through in part. */
export function faint(color: string, alpha: number): string {
  const n = Number.parseInt(color.slice(1), 16);
  return `rgba(${n >> 16}, ${(n >> 8) & 255}, ${n & 255}, ${alpha})`;
}

/** Stripes: what was lost is told from what was answered without its colour, too. */
export function stripes(color: string, ground: string): CanvasPattern | string {
  const scale = devicePixelRatio || 1, size = Math.round(6 * scale);
  const tile = document.createElement('canvas');
  tile.width = tile.height = size;
  const c = tile.getContext('2d');
  if (!c) return color;
  c.fillStyle = ground;
  c.fillRect(0, 0, size, size);
  c.strokeStyle = color;
  c.lineWidth = size * 0.42;
  for (const shift of [-size, 0, size]) {
    c.beginPath();
    c.moveTo(shift - 1, size + 1);
    c.lineTo(shift + size + 1, -1);
    c.stroke();
  }
  return c.createPattern(tile, 'repeat') ?? color;
}

export function axis(p: Paint, more: Partial<uPlot.Axis>): uPlot.Axis {
  return {
    stroke: p.mute, font: p.font, grid: { stroke: p.line, width: 1 }, ticks: { show: false }, border: { show: false }, gap: 4,
    ...more,
  };
}

/** A chart that fills its box, and is made anew when the theme or the type changes. */
export abstract class Chart {
  protected plot: uPlot | null = null;
  private frame = 0;
  private rem = 0;

  constructor(protected readonly box: HTMLElement) {
    // In a frame of its own: drawing within the observation would be observed again, which browsers report as an error.
    new ResizeObserver(() => this.soon()).observe(box);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.anew());
  }

  protected abstract make(p: Paint, width: number, height: number): uPlot | null;

  protected anew(): void {
    this.plot?.destroy();
    this.plot = null;
    this.soon();
  }

  private soon(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.fit();
    });
  }

  protected fit(): void {
    const width = this.box.clientWidth, height = this.box.clientHeight;
    if (width < 60 || height < 40) return;
    const p = paint();
    if (this.plot && p.rem === this.rem) {
      if (this.plot.width !== width || this.plot.height !== height) this.plot.setSize({ width, height });
      return;
    }
    this.plot?.destroy();
    this.rem = p.rem;
    this.plot = this.make(p, width, height);
  }
}
