// While a session is created the engine tells nothing: the runtime keeps its thread. A share that stood still for seconds would look like
// a fault, so it goes on by the clock, ever more slowly. Knows nothing of vscode.
import type { LoadProgress } from '../../engine/protocol';

const TICK = 400;
/** Milliseconds after which two thirds of what is left are shown: a model of half a billion parameters takes three to five seconds. */
const PACE = 3000;

export class SessionShare {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly tell: (progress: LoadProgress) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** What the engine tells is passed on, and goes on from there. */
  heard(progress: LoadProgress): void {
    this.dispose();
    this.tell(progress);
    const { stage, fraction = 0 } = progress;
    if (stage !== 'session' || fraction >= 1) return;
    const begun = this.now();
    this.timer = setInterval(() => {
      const passed = 1 - Math.exp((begun - this.now()) / PACE);
      this.tell({ ...progress, fraction: fraction + (1 - fraction) * passed });
    }, TICK);
    this.timer.unref();
  }

  dispose(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
