// The engine for evaluations: one session, and infillers over it as the product makes them, or told the length.
import { readCalibration } from '../../engine/calibration/file';
import type { Calibration } from '../../engine/calibration/types';
import { openCheckpoint } from '../../engine/checkpoint/open';
import type { Checkpoint, TextTokenizer } from '../../engine/checkpoint/types';
import { Infiller } from '../../engine/infill/infiller';
import type { InfillOptions, InfillParams, InfillResult, ModelDescription } from '../../engine/protocol';
import type { Forward } from '../../engine/runtime/forward';
import { fastWeightBits } from '../../engine/runtime/integerProducts';
import { choosePrecision } from '../../engine/runtime/precision';
import type { DecoderSession } from '../../engine/runtime/session';
import { STARTER } from '../harness';
import { engineSession } from '../runtime/engineSession';
import type { Case } from './spans';

export interface Evaluated {
  readonly checkpoint: Checkpoint;
  readonly session: DecoderSession;
  /** The length is the model's affair, as in the product. */
  readonly open: Infiller;
  /** As many tokens as stood there, which the model is told. */
  readonly known: Infiller;
  /** Passes of the same session, made another way. */
  over(forward: Forward): Infiller;
  readonly calibration?: Calibration;
  /** The same session under another calibration; nothing to be disposed of. */
  under(calibration: Calibration | undefined): Evaluated;
  dispose(): Promise<void>;
}

/** A checkpoint on the CPU in the precision that the product would choose, under its own calibration. */
export async function evaluated(folder: string, threads: number): Promise<Evaluated> {
  const engine = await uncalibrated(folder, threads);
  return engine.under(await readCalibration(engine.checkpoint));
}

/** As if nothing had been fitted to it; `window`: most tokens of context, by default what the product takes. */
export async function uncalibrated(folder: string, threads: number, window?: number): Promise<Evaluated> {
  const opened = await openCheckpoint(folder);
  const checkpoint: Checkpoint =
    window === undefined ? opened : { ...opened, family: { ...opened.family, window } };
  const fastIntegers = (await fastWeightBits()) !== undefined;
  const precision = choosePrecision('auto', 'cpu', checkpoint, fastIntegers);
  const { session } = await engineSession(checkpoint, { precision, threads });
  const description: ModelDescription = {
    folder: checkpoint.folder,
    name: checkpoint.name,
    family: checkpoint.family.id,
    familyTitle: checkpoint.family.title,
    parameters: checkpoint.parameters,
    contextLength: checkpoint.shape.contextLength,
    provider: 'cpu',
    providerReason: 'named',
    attention: 'plain',
    precision,
    storedPrecision: checkpoint.storedDtype,
    takesInstruction: false,
    remarks: checkpoint.remarks,
  };
  const fixed: Checkpoint = { ...checkpoint, family: { ...checkpoint.family, length: { kind: 'fixed' } } };
  const made: Infiller[] = [];
  const infiller = (
    facts: Checkpoint,
    calibration: Calibration | undefined,
    forward: Forward = session,
  ): Infiller => {
    const one = new Infiller(facts, description, forward, calibration);
    made.push(one);
    return one;
  };
  const under = (calibration: Calibration | undefined): Evaluated => ({
    checkpoint,
    session,
    ...(calibration && { calibration }),
    open: infiller(checkpoint, calibration),
    known: infiller(fixed, calibration),
    over: (forward) => infiller(checkpoint, calibration, forward),
    under,
    dispose: async () => {
      for (const one of made) one.dispose();
      await session.dispose();
    },
  });
  return under(undefined);
}

/** The starter's, whatever model is measured: spans are counted in tokens, and all models are asked about the same ones. */
export async function spanTokenizer(): Promise<TextTokenizer> {
  return (await openCheckpoint(STARTER)).tokenizer;
}

/** Most tokens of an answer to a case. */
const MOST_TOKENS = 48;

/**
 * Infills a case. With the length unknown the answer is not in the text that is sent, as where somebody types; with the length known the
 * span is, so that its tokens are counted: they are masked, and copying never reads a span.
 */
export function infillCase(
  { open, known }: Pick<Evaluated, 'open' | 'known'>,
  held: Case<string>,
  options: InfillOptions & Pick<InfillParams, 'openTexts'>,
  length: 'known' | 'unknown',
  context: Pick<
    Parameters<Infiller['infill']>[1],
    'onEvidence' | 'onChoices' | 'index' | 'leastContinuation' | 'leastCopied' | 'healWords'
  > = {},
): Promise<InfillResult> {
  const { text, at, answer, language } = held;
  const isKnown = length === 'known';
  return (isKnown ? known : open).infill(
    {
      requestId: 1,
      model: '',
      priority: isKnown ? 'rewrite' : 'ghost',
      text: isKnown ? text.slice(0, at) + answer + text.slice(at) : text,
      spans: [{ start: at, end: isKnown ? at + answer.length : at }],
      language,
      maxTokens: MOST_TOKENS,
      temperature: 0,
      ...options,
    },
    context,
  );
}

/** The text of the best candidate; none where there is none. */
export function bestText(result: InfillResult): string | undefined {
  return result.candidates[0]?.spans[0]?.text;
}
