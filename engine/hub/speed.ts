// How long an answer took where somebody measured it: data beside a model, with the table that it stands in. Models that nobody
// measured have none, for what a machine takes follows from too much to be estimated well.
import type { Fields } from '../checkpoint/fields';

/** `random`: the model's shape without its training, which commits one token a step; a trained model commits several. */
const WEIGHTS = ['random', 'trained'] as const;
const PRECISIONS = ['int8', 'q8', 'q4'] as const;

export interface Speed {
  /** Seconds from the request to the first answer: for one line of code, and for ten. */
  readonly oneLine: number;
  readonly tenLines?: number;
  /** The answer was not waited for: its first steps were measured, and the rest counted as slow as they were. */
  readonly isProjected?: boolean;
  readonly weights: (typeof WEIGHTS)[number];
  readonly precision: (typeof PRECISIONS)[number];
  /** Cores of the machine. */
  readonly cores: number;
  /** File of the repository with the measured table. */
  readonly source: string;
}

/** @throws EngineError of `fields` that names the key */
export function readSpeed(fields: Fields): Speed | undefined {
  const speed = fields.section('speed');
  if (speed === undefined) return undefined;
  speed.onlyKeys(['oneLine', 'tenLines', 'isProjected', 'weights', 'precision', 'cores', 'source']);
  const source = speed.string('source');
  if (!/^bench\/results\/[\w.-]+\.md$/.test(source)) throw speed.fail('source', 'is not a table of results');
  return {
    oneLine: speed.positive('oneLine'),
    ...(speed.has('tenLines') ? { tenLines: speed.positive('tenLines') } : {}),
    ...(speed.has('isProjected') ? { isProjected: speed.boolean('isProjected') } : {}),
    weights: speed.choice('weights', WEIGHTS),
    precision: speed.choice('precision', PRECISIONS),
    cores: speed.integer('cores', { max: 1024 }),
    source,
  };
}

/** `0.08 s`, `2.0 s`, `36 s` */
export function secondsText(seconds: number): string {
  return `${seconds.toFixed(seconds < 1 ? 2 : seconds < 10 ? 1 : 0)} s`;
}
