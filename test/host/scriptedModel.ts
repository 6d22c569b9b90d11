// A model that writes the same answer to the same request and says nothing of what a trained one would say: for suites
// whose subject is the editor. It lives in a real engine process behind the real protocol (scriptedEngine.ts).
import fs from 'node:fs';
import path from 'node:path';
import { indexLines, rangeAt } from '../../engine/canvas/position';
import { throwIfCancelled } from '../../engine/errors';
import type { LoadedModel, LoadModel } from '../../engine/model';
import type {
  CellEvent,
  DenoiseStepEvent,
  Estimate,
  InfillParams,
  InfillResult,
  ModelDescription,
  ScoreParams,
  ScoreResult,
} from '../../engine/protocol';

type Context = NonNullable<Parameters<LoadedModel['infill']>[1]>;
type Span = InfillParams['spans'][number];

/** While a file of this name is in the model's folder, a denoise stays where it is behind the step that the file says; 0: before the first. */
export const HOLD = 'hold';
/** While a file of this name is in the model's folder, a score stays where it is, before its first pass. */
export const HOLD_SCORES = 'hold-scores';
/** Where a file of this name is in the model's folder, it is a model that does not copy. */
export const NO_COPIES = 'no-copies';
/** A file of this name says how many milliseconds a line takes, as the model estimates it. */
export const MILLIS_A_LINE = 'millis-a-line';
/** Where a file of this name is in the model's folder, it takes instructions; each becomes a comment above its answer. */
export const INSTRUCTIONS = 'instructions';
/** Where a file of this name is in the model's folder, nothing was fitted to the model, and its confidence says little. */
export const UNFITTED = 'unfitted';
const GATE = 0.3;
const STEPS = 6;
/** Nats of words that are unlikely wherever they stand; all others are likelier than anybody expects. */
const SURPRISES: Readonly<Record<string, number>> = {
  oddity: 9,
  strange: 9,
  bizarre: 20,
  doubtful: 2,
  peculior: 5,
};
/** Nats of whatever a selection begins with, unless that is `fine`: no line is quite what the model expects. */
const FIRST = 3.6;
/** Two names of which it wants the other one first. */
const TWISTED = /\blatter\b[^\n]*\bformer\b/;
/** What it would go on behind. */
const UNENDED = /(?:\+|\bunended)$/;
/** What it would rather have there. */
const RATHER: Readonly<Record<string, readonly string[]>> = { strange: [' pri', ' tot'], bizarre: [' pri'] };

/** A piece of an answer: a cell of the canvas. */
interface Piece {
  readonly text: string;
  readonly isLocked: boolean;
}

class ScriptedModel implements LoadedModel {
  constructor(readonly description: ModelDescription) {}

  get checkpoint(): never {
    throw new Error('A scripted model has no checkpoint.');
  }

  async infill(params: InfillParams, context: Context = {}): Promise<InfillResult> {
    const { text, spans, candidates = 1, seed = 0, memory, instruction } = params;
    if (instruction !== undefined && !this.description.takesInstruction)
      throw new Error('No instruction was to be sent.');
    // Whatever is near, its first line.
    const [path] = memory?.near ?? [];
    const source = path === undefined ? {} : { source: { path, line: 1 } };
    const answers = Array.from({ length: candidates }, (_, candidate) =>
      spans.map((span, index) => [
        ...(instruction === undefined ? [] : [{ text: `# ${instruction}\n`, isLocked: false }]),
        ...piecesOf(text, span, seed + candidate, index),
      ]),
    );
    await this.denoise(params, answers, context);
    const lines = indexLines(text);
    const { name, family, provider, precision } = this.description;
    const tokens = answers.flat(2).length;
    return {
      model: name,
      family,
      provider,
      precision,
      forwards: STEPS,
      tokens,
      tokensPerForward: tokens / STEPS,
      millis: 0,
      candidates: answers.map((answer, candidate) => ({
        score: -1 - candidate,
        confidence: 0.9,
        spans: spans.map(({ start, end }, index) => ({
          range: rangeAt(lines, start, end),
          start,
          end,
          text: (answer[index] ?? []).map((piece) => piece.text).join(''),
          ...source,
        })),
      })),
    };
  }

  estimate(params: InfillParams): Estimate {
    const file = path.join(this.description.folder, MILLIS_A_LINE);
    const each = fs.existsSync(file) ? Number(fs.readFileSync(file, 'utf8')) : 1;
    const lines = params.spans.flatMap(({ start, end }) => params.text.slice(start, end).split('\n'));
    const millis = each * lines.length;
    // What a model estimates is no whole number.
    return {
      masks: params.spans.length,
      firstMillis: 10,
      millis,
      readingMillis: 0.25,
      scoringMillis: millis,
    };
  }

  async score(params: ScoreParams, { signal }: Pick<Context, 'signal'> = {}): Promise<ScoreResult> {
    while (fs.existsSync(path.join(this.description.folder, HOLD_SCORES))) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      throwIfCancelled(signal);
    }
    const { start, end } = params.range ?? { start: 0, end: params.text.length };
    const isTwisted = TWISTED.test(params.text.slice(start, end));
    const usual = (word: string, index: number) => (index === 0 && word !== 'fine' ? FIRST : 1);
    const tokens = [...params.text.slice(start, end).matchAll(/\s*\w+|\s*[^\w\s]+|\s+$/g)].map(
      (found, i) => ({
        start: start + found.index,
        end: start + found.index + found[0].length,
        text: found[0],
        surprise:
          isTwisted && /former|latter/.test(found[0])
            ? 9
            : (SURPRISES[found[0].trim()] ?? usual(found[0].trim(), i)),
        expected: 1.5,
        alternatives: (RATHER[found[0].trim()] ?? []).map((text) => ({ text, probability: 0.5 })),
      }),
    );
    const isCut = UNENDED.test(params.text.slice(0, end));
    const last = { surprise: isCut ? 9 : 1, expected: 1, alternatives: [] };
    return {
      ...{ model: this.description.name, method: 'masked', forwards: 1, millis: 0, tokens },
      ...(params.withEnd ? { end: last } : {}),
    };
  }

  async dispose(): Promise<void> {}

  private heldBehind(): number | undefined {
    try {
      return Number(fs.readFileSync(path.join(this.description.folder, HOLD), 'utf8'));
    } catch {
      return undefined;
    }
  }

  private async denoise(
    { requestId }: InfillParams,
    answers: readonly (readonly (readonly Piece[])[])[],
    { signal, enough, onStep }: Context,
  ): Promise<void> {
    for (let step = 0; step <= STEPS; step++) {
      await turn();
      throwIfCancelled(signal);
      for (const [candidate, answer] of step === 0 ? [] : answers.entries()) {
        for (const [span, pieces] of answer.entries())
          onStep?.({ requestId, span, candidate, ...stepOf(pieces, step) });
      }
      if (enough?.()) return;
      while (step === this.heldBehind()) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        throwIfCancelled(signal);
        if (enough?.()) return;
      }
    }
  }
}

/** Each step reveals its part, from left to right. */
function stepOf(
  pieces: readonly Piece[],
  step: number,
): Pick<DenoiseStepEvent, 'step' | 'cells' | 'committed' | 'remasked'> {
  const from = Math.floor((pieces.length * (step - 1)) / STEPS);
  const to = Math.floor((pieces.length * step) / STEPS);
  const stateOf = (isLocked: boolean, index: number) =>
    isLocked ? 'locked' : index < to ? 'committed' : 'masked';
  return {
    step,
    cells: pieces.map(
      ({ text, isLocked }, index): CellEvent => ({
        text,
        state: stateOf(isLocked, index),
        confidence: 0.9,
      }),
    ),
    committed: Array.from({ length: to - from }, (_, i) => from + i),
    remasked: [],
  };
}

/** What is locked, and something new between it; behind an operator, what it wants. */
function piecesOf(
  text: string,
  { start, end, locked = [] }: Span,
  seed: number,
  index: number,
): readonly Piece[] {
  const cut = start === end ? UNENDED.exec(text.slice(0, start)) : null;
  if (cut !== null) return [{ text: cut[0] === '+' ? ' scripted_end' : '.scripted_end', isLocked: false }];
  const pieces: Piece[] = [];
  let at = start;
  const fresh = (to: number) => {
    const written = rewritten(text.slice(at, to), seed, index + pieces.length);
    for (const [part] of written.matchAll(/\s*\S+|\s+$/g)) pieces.push({ text: part, isLocked: false });
  };
  for (const keep of locked) {
    fresh(keep.start);
    pieces.push({ text: text.slice(keep.start, keep.end), isLocked: true });
    at = keep.end;
  }
  fresh(end);
  return pieces;
}

/** Every line gets another word of the same indentation; with an odd seed there is one line more. */
function rewritten(old: string, seed: number, place: number): string {
  const lines = old.split('\n').map((line, index) => {
    const [indent = ''] = /^\s*/.exec(line) ?? [];
    const [blank = ''] = /\s*$/.exec(line.slice(indent.length)) ?? [];
    return line.trim() === '' ? line : `${indent}scripted_${seed}_${place}_${index}${blank}`;
  });
  const last = lines.findLastIndex((line) => line.trim() !== '');
  if (seed % 2 === 1 && lines.length > 1 && last >= 0) {
    const [indent = ''] = /^\s*/.exec(lines[last] ?? '') ?? [];
    lines.splice(last + 1, 0, `${indent}scripted_${seed}_${place}_more`);
  }
  return lines.join('\n');
}

/** A forward pass of the real runtime gives the event loop one turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export const loadScriptedModel: LoadModel = async ({ folder }, { onProgress }) => {
  onProgress?.({ folder, stage: 'opening' });
  return new ScriptedModel({
    folder,
    name: 'scripted',
    family: 'starter',
    familyTitle: 'Scripted',
    parameters: 1,
    contextLength: 100_000,
    provider: 'cpu',
    providerReason: 'Scripted.',
    attention: 'plain',
    precision: 'fp32',
    storedPrecision: 'F32',
    copies: !fs.existsSync(path.join(folder, NO_COPIES)),
    ...(fs.existsSync(path.join(folder, UNFITTED)) ? {} : { gate: GATE }),
    takesInstruction: fs.existsSync(path.join(folder, INSTRUCTIONS)),
    remarks: [],
  });
};
