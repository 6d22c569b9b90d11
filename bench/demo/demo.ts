// `npm run bench -- demo`: the places of the samples that a newcomer would select, one whole line of code each, and what a person
// would see of a rewrite; and the line that the editor's own sample begins with. The demo shows one of these; a model that fails
// at most of them should not be shipped.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { type Judgeable, judged } from '../../extension/rewrite/judge';
import { answered } from '../../extension/rewrite/state/denoising';
import type { Candidate } from '../../extension/rewrite/state/types';
import { FIRST_FILE, FIRST_LANGUAGE, firstRewriteOf } from '../../extension/ui/firstRewrite';
import { markdownTable, progress, publish, ROOT, runBench, STARTER } from '../harness';
import { type Evaluated, evaluated } from '../infilling/engine';
import { type Looked, lookedAt, mendedBy } from '../repair/ways';

const SAMPLES = [
  { file: 'inventory.py', language: 'python' },
  { file: 'rateLimiter.ts', language: FIRST_LANGUAGE },
] as const;
const PLACES = 20;
/** As many as a rewrite makes by default. */
const CANDIDATES = 2;

const OUTCOMES = ['shown', 'held back', 'left as it is'] as const;

/** What comes of a rewrite of a line. */
interface Seen {
  readonly outcome: (typeof OUTCOMES)[number];
  /** By which part of a rewrite. */
  readonly by: string;
  /** Absent: all that there is stands there already. */
  readonly answer?: Candidate;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { model: { type: 'string', default: STARTER } } });
  const engine = await evaluated(values.model, 2);
  const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
  const trees = new SyntaxTrees({ folder, warn: progress, limitMillis: 60_000 });
  const all: Seen[] = [];
  const rows: string[][] = [];
  const first: string[][] = [];
  try {
    for (const { file, language } of SAMPLES) {
      const text = sample(file);
      for (const line of placesOf(text, PLACES / SAMPLES.length)) {
        const seen = await seenOf(engine, trees, { text, language, line });
        const number = text.slice(0, line.start).split('\n').length;
        all.push(seen);
        rows.push([`${file}:${number}`, code(text.slice(line.start, line.end)), ...cellsOf(seen)]);
      }
    }
    const { text, start, end, before } = firstRewriteOf(sample(FIRST_FILE));
    const held: Looked = { text, language: FIRST_LANGUAGE, line: { start, end } };
    for (const isCold of [true, false]) {
      const seen = await seenOf(engine, trees, held, isCold);
      const when = isCold ? 'at first' : 'later';
      first.push([when, code(text.slice(start, end)), code(before), ...cellsOf(seen)]);
    }
  } finally {
    trees.dispose();
    await engine.dispose();
  }
  const count = (wanted: Seen['outcome']) => all.filter(({ outcome }) => outcome === wanted).length;
  const marked = (wanted: string) =>
    all.filter(({ outcome, answer }) => outcome === 'shown' && answer?.quality?.mark === wanted).length;
  const head = ['answer', 'mark', 'a person sees', 'by'];
  publish({
    name: 'demo',
    model: values.model,
    title: 'What a newcomer sees first',
    sections: [
      `Of ${rows.length} lines of the samples, none of which is wrong, ${OUTCOMES.map((outcome) => `${count(outcome)} are ${outcome}`).join(', ')}. Of the answers shown, ${marked('likely')} look likely, and ${marked('unsure')} are unsure.`,
      `A rewrite begins with a look at the line (docs/decisions/repair-first.md). Where that brings nothing, all of it is masked, and this is the best of ${CANDIDATES} candidates. _Held back_: it does not parse, loops, or deletes most of the line, and is tried again before that is said. _Left as it is_: nothing is suspicious or likelier, and the model is not at least half sure of what it would write instead; or that is what stands there.`,
      markdownTable(['place', 'stood there', ...head], rows, 'left'),
      "The line that the editor's sample begins with (extension/ui/firstRewrite.ts). _At first_: the engine has just been started, and nobody knows how long a look takes, so none is taken.",
      markdownTable(['', 'selected', 'would be right', ...head], first, 'left'),
    ],
  });
}

/** As the editor goes about it (extension/rewrite/requestUnderWay.ts), up to the first try. `isCold`: without a look. */
async function seenOf(engine: Evaluated, trees: SyntaxTrees, held: Looked, isCold = false): Promise<Seen> {
  const { text, language, line } = held;
  const span = { ...line, old: text.slice(line.start, line.end) };
  const judge = (candidates: readonly Judgeable[]) =>
    judged(trees, { text, languageId: language }, [span], candidates);
  const { undone, mended } = await mendedBy(engine, trees, held);
  const found = isCold ? undefined : await lookedAt(engine, trees, held, mended);
  if (typeof found === 'object') {
    const [answer] = await judge([{ texts: [found.text], isLikelier: true }]);
    const isMended = found.text === mended.text;
    const by = isMended
      ? undone.text === undefined
        ? 'a likelier word'
        : 'a slip undone'
      : 'the end written';
    if (answer?.quality?.mark !== 'poor') return { outcome: 'shown', by, ...(answer && { answer }) };
  }
  const guess = typeof found === 'string' ? found : undefined;
  const left = {
    outcome: 'left as it is',
    by: `nothing ${guess === 'likeliest' ? 'likelier' : guess}`,
  } as const;
  if (guess !== undefined && engine.calibration === undefined) return left;
  const asked = { requestId: 1, model: '', priority: 'rewrite' as const, candidates: CANDIDATES };
  const { candidates } = await engine.open.infill({ ...asked, text, language, spans: [line] }, {});
  const answers = candidates.map(({ spans: [one], flaws = [], confidence }) => ({
    texts: [one?.text ?? ''],
    flaws,
    ...(confidence === undefined ? {} : { confidence }),
  }));
  const ranked = await judge(answers);
  const { state } = answered(
    { kind: 'denoising', spans: [span], changes: [], request: { seed: 0 } },
    { kind: 'answered', spans: [span], candidates: ranked, ...(guess === undefined ? {} : { guess }) },
  );
  const by = guess === undefined ? 'all of it' : 'a guess';
  if (state.kind === 'reviewing') {
    const [answer] = state.review.candidates;
    return { outcome: 'shown', by, ...(answer && { answer }) };
  }
  if (state.kind === 'ended') return { outcome: 'left as it is', by };
  if (state.kind === 'refused' && state.refusal.untouched) return left;
  const answer = ranked.find(({ texts }) => texts[0] !== span.old);
  return { outcome: 'held back', by, ...(answer && { answer }) };
}

interface Place {
  readonly start: number;
  readonly end: number;
}

function sample(file: string): string {
  return fs.readFileSync(path.join(ROOT, 'docs', 'samples', file), 'utf8');
}

function cellsOf({ outcome, by, answer }: Seen): readonly string[] {
  if (answer === undefined) return ['–', '–', outcome, by];
  const { mark = 'poor', reasons = [] } = answer.quality ?? {};
  return [code(answer.texts[0] ?? ''), [mark, ...reasons].join(', '), outcome, by];
}
/** Lines inside functions, spread over the file, without their indentation. */
function placesOf(text: string, count: number): readonly Place[] {
  const lines: Place[] = [];
  let at = 0;
  for (const line of text.split('\n')) {
    const own = line.trim();
    const isCode =
      /^\s{4,}\S/.test(line) &&
      (own.match(/\w+/g) ?? []).length >= 3 &&
      !/^(\/\/|\/\*|\*|#|def |async )/.test(own);
    if (isCode) lines.push({ start: at + line.indexOf(own), end: at + line.trimEnd().length });
    at += line.length + 1;
  }
  return Array.from({ length: Math.min(count, lines.length) }, (_, i) => {
    const place = lines[Math.floor((i * lines.length) / count)];
    if (place === undefined) throw new Error('There is no such line.');
    return place;
  });
}

function code(text: string): string {
  return `\`${text
    .replace(/\s*\n\s*/g, ' ⏎ ')
    .replaceAll('|', '\\|')
    .replaceAll('`', "'")}\``;
}

runBench(main);
