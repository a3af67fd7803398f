// Tones for what nobody must miss. Browsers allow sound only after somebody has touched the
// page; until then the switch says so.

const KEY = 'hotline_sound';
const TOUCHED = 'hotline_touched'; // in this tab, before the page loaded itself anew
type Note = readonly [frequency: number, at: number];
const tunes = {
  lost: [[660, 0], [440, 0.28]],
  back: [[440, 0], [660, 0.18]],
  urgent: [[880, 0], [880, 0.25], [880, 0.5]],
} satisfies Record<string, readonly Note[]>;

export class Sound {
  private context: AudioContext | null = null;
  private on = localStorage.getItem(KEY) !== 'off';

  constructor(private readonly changed: () => void) {
    const touched = () => {
      sessionStorage.setItem(TOUCHED, '1');
      if (this.on) this.prepare();
      this.changed();
    };
    addEventListener('pointerdown', touched, { once: true });
    addEventListener('keydown', touched, { once: true });
  }

  state(): 'on' | 'off' | 'wait' {
    if (!this.on) return 'off';
    return this.allowed() ? 'on' : 'wait';
  }

  /** A browser takes a touch of the page before as one of this page; if it does not, nothing sounds and the switch asks again. */
  private allowed(): boolean {
    if (navigator.userActivation?.hasBeenActive) return true;
    return this.context ? this.context.state === 'running' : sessionStorage.getItem(TOUCHED) !== null;
  }

  toggle(): void {
    this.on = !this.on;
    localStorage.setItem(KEY, this.on ? 'on' : 'off');
    if (this.on) {
      this.prepare();
      this.play('back');
    }
    this.changed();
  }

  private prepare(): AudioContext {
    this.context ??= new AudioContext();
    if (this.context.state === 'suspended') void this.context.resume();
    return this.context;
  }

  play(tune: keyof typeof tunes): void {
    if (this.state() !== 'on') return;
    const context = this.prepare(), start = context.currentTime + 0.03;
    if (!this.allowed()) return this.changed();
    for (const [frequency, at] of tunes[tune]) {
      const tone = context.createOscillator(), volume = context.createGain();
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0, start + at);
      volume.gain.linearRampToValueAtTime(0.25, start + at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, start + at + 0.22);
      tone.connect(volume).connect(context.destination);
      tone.start(start + at);
      tone.stop(start + at + 0.24);
    }
  }
}
