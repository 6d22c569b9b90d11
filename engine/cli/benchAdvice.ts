// What follows from the rows that `palimpsest bench` has measured: which precision to choose here, how long an answer takes with it,
// and what else helps where that is long. Pure.
import { LONGEST_WAIT, TOKENS_A_STEP } from '../ghost/backOff';
import type { Precision } from '../graph/types';
import { secondsText } from '../hub/speed';
import type { ProviderName } from '../protocol';
import { megabytes } from './units';

/** Tokens of a line, and lines of a short rewrite. */
const LINE = 16;
const LINES = 10;
/** Milliseconds of a line beyond which a rewrite is a long wait. */
const LONGEST_LINE = 4000;
/** So much longer than the fastest is about as fast: memory decides. */
const CLOSE = 1.1;

export interface AdvisedRow {
  readonly precision: Precision;
  readonly weightBytes: number;
  readonly timing: { readonly forward: number; readonly step: number };
}

export interface BenchFacts {
  readonly provider: ProviderName;
  /** Tokens of the context. */
  readonly tokens: number;
  /** Token by token, so that a step writes one. */
  readonly writesInOrder: boolean;
}

/** Sentences, in the order in which they are read. */
export function benchAdvice(rows: readonly AdvisedRow[], facts: BenchFacts): readonly string[] {
  const tokensAStep = facts.writesInOrder ? 1 : TOKENS_A_STEP;
  const millisOf = ({ timing }: AdvisedRow, masks: number) =>
    timing.forward + Math.ceil(masks / tokensAStep) * timing.step;
  const best = Math.min(...rows.map((row) => millisOf(row, LINE)));
  const close = rows.filter((row) => millisOf(row, LINE) <= CLOSE * best);
  const [chosen] = [...close].sort((a, b) => a.weightBytes - b.weightBytes);
  if (chosen === undefined) return ['None of these precisions runs here.'];
  const line = millisOf(chosen, LINE);
  return [
    choiceOf(chosen, close, rows),
    `With ${chosen.precision}, a line (${LINE} tokens) takes about ${seconds(line)}, and ten lines about ${seconds(millisOf(chosen, LINES * LINE))}: the context of ${facts.tokens} tokens is read first, and each step writes ${facts.writesInOrder ? 'one token' : `${TOKENS_A_STEP} tokens`}.`,
    ...verdictOn(line, facts.provider),
  ];
}

function choiceOf(
  { precision, weightBytes }: AdvisedRow,
  close: readonly AdvisedRow[],
  rows: readonly AdvisedRow[],
): string {
  if (rows.length === 1) return `Only ${precision} was measured.`;
  const others = close.filter((row) => row.precision !== precision).map((row) => row.precision);
  return others.length === 0
    ? `Choose ${precision} here (--precision ${precision}): it is the fastest.`
    : `Choose ${precision} here (--precision ${precision}): ${listed(others)} ${others.length === 1 ? 'is' : 'are'} about as fast, but the weights of ${precision} need the least memory (${megabytes(weightBytes)}).`;
}

function verdictOn(line: number, provider: ProviderName): readonly string[] {
  const isOnGpu = provider !== 'cpu';
  if (line <= LONGEST_WAIT) return ['That is fast enough for rewrites and for ghost text.'];
  const ghost = `ghost text, which is waited for ${seconds(LONGEST_WAIT)} at most`;
  const instead = isOnGpu
    ? 'a smaller model (palimpsest models list) or a server (docs/remote.md)'
    : 'a smaller model (palimpsest models list), a GPU (palimpsest devices), or a server (docs/remote.md)';
  return line <= LONGEST_LINE
    ? [`That is fast enough for rewrites, but not for ${ghost}. Faster: ${instead}.`]
    : [`That is a long wait, and too slow for ${ghost}. Choose ${instead}.`];
}

function listed(words: readonly string[]): string {
  return new Intl.ListFormat('en').format(words);
}

function seconds(millis: number): string {
  return secondsText(millis / 1000);
}
