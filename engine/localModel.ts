// A model of this machine at work: who asks takes a seat, and what the passes took is given back when nobody does.
import type { Calibration } from './calibration/types';
import type { Checkpoint } from './checkpoint/types';
import { isEngineError } from './errors';
import { processBytes } from './graph/memory';
import { Infiller } from './infill/infiller';
import type { RequestRoom } from './infill/requestRoom';
import { StepYield } from './infill/stepYield';
import type { LoadedModel } from './model';
import type { ModelDescription } from './protocol';
import { availableMemory } from './runtime/availableMemory';
import { passOf } from './runtime/forward';
import { IdleTrim } from './runtime/idleTrim';
import { JointForward } from './runtime/jointForward';
import type { Pace } from './runtime/pace';
import type { DecoderSession } from './runtime/session';
import { Seats } from './seats';

interface LocalModelParts {
  readonly checkpoint: Checkpoint;
  /** `together` says how many seats there are. */
  readonly description: ModelDescription;
  readonly session: DecoderSession;
  readonly calibration: Calibration | undefined;
  readonly pace: Pace;
  readonly onDeviceLost: () => void;
}

/** Caches belong to one request at a time. */
interface Seat {
  readonly infiller: Infiller;
  /** Of its last request. */
  text: string;
  /** Bytes that its request may take: nobody else's. */
  promised: number;
}

export function localModel(parts: LocalModelParts): LoadedModel {
  const { checkpoint, description, session, calibration, pace, onDeviceLost } = parts;
  const { together = 1 } = description;
  const joint =
    together > 1
      ? new JointForward(session, checkpoint.shape, session.memory, (pass, millis) =>
          pace.record(passOf(pass), millis),
        )
      : undefined;
  const stepYield = new StepYield();
  const newSeat = (): Seat => {
    const roomOf = (): RequestRoom | undefined => {
      if (description.provider !== 'cpu') return undefined;
      const others = seats.all.reduce((sum, one) => sum + (one === seat ? 0 : one.promised), 0);
      return {
        held: session.passMemory,
        available: () => availableMemory() - others,
        promise: (bytes) => {
          seat.promised = bytes;
        },
      };
    };
    const forward = joint?.seat() ?? session;
    const infiller = new Infiller(checkpoint, description, forward, calibration, pace, roomOf, stepYield);
    const seat: Seat = { infiller, text: '', promised: 0 };
    return seat;
  };
  const first = newSeat();
  const seats = new Seats([first, ...Array.from({ length: together - 1 }, newSeat)]);
  const trimmed = {
    get passMemory() {
      return session.passMemory;
    },
    renew: () => {
      joint?.clear();
      return session.renew();
    },
  };
  const ownBytes = processBytes(checkpoint.shape) + (description.memory?.weights ?? 0);
  const trim = new IdleTrim(trimmed, ownBytes, (work) => seats.alone(work));
  /** On the seat that knows most of the text: what it has read need not be read again. */
  const working = async <T>(text: string, work: (infiller: Infiller) => Promise<T>): Promise<T> => {
    trim.begun();
    try {
      return await seats.use(
        async (seat) => {
          await session.files.requireUnchanged(description.name);
          seat.text = text;
          try {
            return await work(seat.infiller);
          } finally {
            seat.promised = 0;
          }
        },
        (seat) => sharedStart(seat.text, text),
      );
    } catch (error) {
      if (isEngineError(error) && error.code === 'device-lost') onDeviceLost();
      throw error;
    } finally {
      trim.ended();
    }
  };
  return {
    checkpoint,
    get description() {
      return { ...description, ...first.infiller.speed };
    },
    infill: (params, context = {}) => working(params.text, (seat) => seat.infill(params, context)),
    estimate: (params) => first.infiller.estimate(params),
    score: (params, context = {}) => working(params.text, (seat) => seat.score(params, context)),
    dispose: () =>
      seats.alone(async () => {
        trim.dispose();
        joint?.clear();
        for (const { infiller } of seats.all) infiller.dispose();
        await session.dispose();
      }),
  };
}

/** Of what a seat has read, so much stands at the ends of another text where both are the same file. */
const LEAST_SHARED = 0.5;

/** Characters with which both begin; 0 where they are two files that begin alike. */
export function sharedStart(read: string, text: string): number {
  const most = Math.min(read.length, text.length);
  let start = 0;
  while (start < most && read.charCodeAt(start) === text.charCodeAt(start)) start++;
  let end = 0;
  while (
    end < most - start &&
    read.charCodeAt(read.length - 1 - end) === text.charCodeAt(text.length - 1 - end)
  )
    end++;
  return start + end >= LEAST_SHARED * read.length ? start : 0;
}
