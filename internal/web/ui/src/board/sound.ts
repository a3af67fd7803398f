// Tones for what nobody must miss. Browsers allow sound only after somebody has touched the
// page; until then the switch says so.

const KEY = 'hotline_sound';
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
      if (this.on) this.prepare();
      this.changed();
    };
    addEventListener('pointerdown', touched, { once: true });
    addEventListener('keydown', touched, { once: true });
  }

  state(): 'on' | 'off' | 'wait' {
    if (!this.on) return 'off';
    return this.touched() || this.context?.state === 'running' ? 'on' : 'wait';
  }

  private touched(): boolean { return navigator.userActivation?.hasBeenActive ?? false; }

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
    if (!this.on) return;
    // A kiosk's browser may be told to allow sound to pages that nobody has touched.
    const context = this.prepare();
    if (!this.touched() && context.state !== 'running') return;
    const start = context.currentTime + 0.03;
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
