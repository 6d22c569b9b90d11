// How much of a canvas one pass takes in, and of how many masks it is asked, so that a person on a slow machine sees something
// soon, and goes on seeing something.
import type { DecoderShape } from '../checkpoint/types';
import { DEFAULT_CHUNK, LEAST_TOKENS, longestPass, type PassSize } from '../graph/memory';
import type { InfillParams } from '../protocol';
import type { Pace } from '../runtime/pace';
import { PRACTICAL_WINDOW } from './layout';

export interface Reach {
  /** Most tokens of the canvas in one pass, around the masks it is about. */
  readonly tokens: number;
  /** Most masks that are denoised at once; those behind them wait, and are seen as masks. */
  readonly masks: number;
  /** Most tokens of a prompt, or around a hole, which are read as a whole before the answer begins. */
  readonly reading: number;
  /** Of those, the ones behind the hole at most, where they are read again whenever something is typed before it. */
  readonly behind: number;
  /** Most tokens of those that one pass reads. */
  readonly run: number;
  /** Whether an answer ends with its first line, where nobody waits for more. */
  readonly oneLine: boolean;
  /** Windowed steps of the dual cache between two passes over everything. */
  readonly refreshEvery: number;
  /** Whether one token a step would be a long wait: then all that are sure are written. */
  readonly isSlow: boolean;
}

/**
 * Milliseconds of the longest pass: the first frame comes behind it. Beside an editor at work, a pass takes up to twice as long, and nothing
 * is seen meanwhile.
 */
const LONGEST_PASS = 700;
/** The same of a part of what is read before: by halves, most take less. */
const LONGEST_PART = 900;
/** Milliseconds of a denoise step: ten lines, one token a step, are then written within a quarter of a minute. */
const LONGEST_STEP = 50;
/** A step over so many masks that takes longer than this, in milliseconds, makes one token a step a long wait. */
const SLOW_MASKS = 64;
const SLOW_STEP = 60;
/** Windowed steps between two passes over everything (docs/decisions/dual-cache.md); `bench -- dualCache` has what it saves. */
const REFRESH_EVERY = 16;
/** On a slow machine such a pass takes as long as fifteen steps. */
const SLOW_REFRESH_EVERY = 64;
/** Milliseconds of reading a prompt, and the tokens that are read however long it takes. */
const LONGEST_READING = 6000;
const LEAST_READING = 384;
/** The same of what stands around a hole, for ghost text and for others: most of it is still known at the next request. */
const GHOST_READING = 1200;
const REWRITE_READING = 4800;
/** Fewer tokens a pass take longer altogether, however slow the machine is. */
const LEAST_RUN = 64;
/** Tokens by which it grows: another window is read anew. */
const READING_STEP = 128;
/** Milliseconds of writing what ghost text may have; of a slower model a line has to do, which is there sooner. */
const LONGEST_WRITING = 1000;
const GHOST_TOKENS = 32;
/** Of what is read, the part that may stand behind the hole. */
const SHARE_BEHIND = 0.25;
/** Fewer masks say too little about one another, however slow the machine is. */
const LEAST_MASKS = 16;
/** Of what is available, for one pass. */
const SHARE_OF_MEMORY = 0.8;

/** `window`: tokens, as the request wants it, whatever the machine's pace; `available`: bytes of memory. */
export function reachOf(
  pace: Pace,
  shape: DecoderShape,
  { window, available }: { readonly window?: number | undefined; readonly available: number },
): Reach {
  const wanted = window ?? paceReach(pace);
  return {
    tokens: Math.min(wanted, longestPass(shape, SHARE_OF_MEMORY * available)),
    masks: Math.max(LEAST_MASKS, pace.mostWithin(LONGEST_STEP, stepOf)),
    reading: wanted,
    behind: Number.POSITIVE_INFINITY,
    run: DEFAULT_CHUNK,
    oneLine: false,
    refreshEvery: isSlow(pace) ? SLOW_REFRESH_EVERY : REFRESH_EVERY,
    isSlow: isSlow(pace),
  };
}

/** Tokens of a pass that nobody waits long for; infinite where the pace is not known. */
export function paceReach(pace: Pace): number {
  return Math.max(
    LEAST_TOKENS,
    pace.mostWithin(LONGEST_PASS, (length) => ({ length, past: 1, rows: 0 })),
  );
}

/** The step that says whether a machine is slow. */
export const STEP_LOOKED_AT: PassSize = stepOf(SLOW_MASKS);

/** Of a prompt that is read in chunks, each of which can be the last one, and only once: it may take longer than a pass. */
export function readingReach(pace: Pace, window?: number): Reach {
  const most = pace.mostWithin(LONGEST_READING, (length) => ({ length, past: 1, rows: 0 }));
  return { ...contextReach(pace), reading: window ?? Math.max(LEAST_READING, most) };
}

/** Of context that is cached, in passes after each of which a request can be ended: by halves, so that no small change makes others. */
export function contextReach(pace: Pace): Reach {
  const most = pace.mostWithin(LONGEST_PART, (length) => ({ length, past: PRACTICAL_WINDOW, rows: 0 }));
  const halved = 2 ** Math.floor(Math.log2(Math.max(LEAST_RUN, most)));
  return { ...UNBOUNDED, run: Math.min(DEFAULT_CHUNK, halved) };
}

/** Of what stands around a hole, for models that read both sides as one text and write the answer behind it. */
export function lookingReach(
  pace: Pace,
  { priority, window, behind, tokenMillis = 0 }: LookingChoice,
): Reach {
  const isGhost = priority === 'ghost';
  const longest = isGhost ? GHOST_READING : REWRITE_READING;
  const most = pace.mostWithin(longest, (length) => ({ length, past: 1, rows: 0 }));
  const reading = window ?? Math.max(LEAST_READING, READING_STEP * Math.floor(most / READING_STEP));
  return {
    ...contextReach(pace),
    // What the model does not see takes nothing from what it reads.
    reading: behind === 'unseen' ? (1 + SHARE_BEHIND) * reading : reading,
    ...(behind === 'first' ? {} : { behind: SHARE_BEHIND * reading }),
    oneLine: isGhost && GHOST_TOKENS * tokenMillis > LONGEST_WRITING,
  };
}

interface LookingChoice {
  readonly priority: InfillParams['priority'];
  readonly window?: number | undefined;
  /** What stands behind the hole is read before what stands before it, after it and so again at each key, or not at all. */
  readonly behind: 'first' | 'last' | 'unseen';
  /** Milliseconds for a token that is written, as it is now. Absent: not known. */
  readonly tokenMillis?: number | undefined;
}

/** False where the pace is not known. */
export function isSlow(pace: Pace): boolean {
  return (pace.millisOf(STEP_LOOKED_AT) ?? 0) > SLOW_STEP;
}

function stepOf(masks: number): PassSize {
  return { length: masks, past: LEAST_TOKENS, rows: masks };
}

export const UNBOUNDED: Reach = {
  tokens: Number.POSITIVE_INFINITY,
  masks: Number.POSITIVE_INFINITY,
  reading: Number.POSITIVE_INFINITY,
  behind: Number.POSITIVE_INFINITY,
  run: DEFAULT_CHUNK,
  oneLine: false,
  refreshEvery: REFRESH_EVERY,
  isSlow: false,
};
