// How far the loading of a model is, over all of its stages, and when that is worth a notification. Pure.
import type { LoadProgress } from '../../engine/protocol';

/** Where each stage begins and ends. What was done before and is only looked up goes by at once. */
const STAGES: Readonly<Record<LoadProgress['stage'], readonly [number, number]>> = {
  opening: [0, 0.02],
  probing: [0.02, 0.2],
  quantising: [0.2, 0.85],
  session: [0.85, 0.99],
};

/** 0…0.99: whole only when the model is there. */
export function shareOf({ stage, fraction = 0 }: LoadProgress): number {
  const [from, to] = STAGES[stage];
  return from + (to - from) * Math.min(1, Math.max(0, fraction));
}

/** Percent of one load after another: where a stage begins again, as for another precision, what is shown does not go back. */
export class Percent {
  private most = 0;

  get reached(): number {
    return this.most;
  }

  /** `progress`: undefined where a load has just begun. */
  of(progress: LoadProgress | undefined): number {
    this.most = progress === undefined ? 0 : Math.max(this.most, Math.floor(shareOf(progress) * 100));
    return this.most;
  }
}

/** Milliseconds until a person wonders. */
const PATIENCE = 1500;
/** In the last stage it is over soon: a notification that goes at once is a flash. */
const LAST_PATIENCE = 4000;

/** Milliseconds for which loading that has gone on for `waited` is not shown yet; 0: it is time. */
export function noticeDelay(waited: number, stage: LoadProgress['stage'] | undefined): number {
  return Math.max(0, (stage === 'session' ? LAST_PATIENCE : PATIENCE) - waited);
}
