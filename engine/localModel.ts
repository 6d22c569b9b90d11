// A model of this machine at work: who asks takes a seat, and what the passes took is given back when nobody does.
import type { Calibration } from './calibration/types';
import type { Checkpoint } from './checkpoint/types';
import { isEngineError } from './errors';
import { processBytes } from './graph/memory';
import { Infiller } from './infill/infiller';
import type { LoadedModel } from './model';
import type { ModelDescription } from './protocol';
import { availableMemory } from './runtime/availableMemory';
import { type Forward, passOf } from './runtime/forward';
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
}

export function localModel(parts: LocalModelParts): LoadedModel {
  const { checkpoint, description, session, calibration, pace, onDeviceLost } = parts;
  const room = () =>
    description.provider === 'cpu' ? { held: session.passMemory, available: availableMemory } : undefined;
  const { together = 1 } = description;
  const joint =
    together > 1
      ? new JointForward(session, checkpoint.shape, (pass, millis) => pace.record(passOf(pass), millis))
      : undefined;
  const newSeat = (forward: Forward): Seat => ({
    infiller: new Infiller(checkpoint, description, forward, calibration, pace, room),
    text: '',
  });
  const first = newSeat(joint?.seat() ?? session);
  const others = joint && Array.from({ length: together - 1 }, () => newSeat(joint.seat()));
  const seats = new Seats<Seat>([first, ...(others ?? [])]);
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
          seat.text = text;
          await session.files.requireUnchanged(description.name);
          return work(seat.infiller);
        },
        (seat) => commonStart(seat.text, text),
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
        for (const { infiller } of seats.all) infiller.dispose();
        await session.dispose();
      }),
  };
}

/** Characters with which both begin. */
function commonStart(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
}
