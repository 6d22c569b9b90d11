// What a user would pick instead: an autoregressive coder with FIM through llama.cpp, greedy, ended by its own end tokens,
// on the same problems and spans as ours, with its time to an answer. An interrupted run goes on where it stopped.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openCheckpoint } from '../../engine/checkpoint/open';
import { LlamaText } from '../contenders/llamaText';
import {
  benchFolder,
  figure,
  markdownTable,
  median,
  percentile,
  progress,
  publish,
  runBench,
} from '../harness';
import { type Evaluated, evaluated, spanTokenizer } from '../infilling/engine';
import { mean, type Outcome, outcomeOf, percent, scoreCells } from '../infilling/scores';
import { drawCases, HELD, heldFiles, LANGUAGES, KINDS as SPAN_KINDS } from '../infilling/spans';
import { type ProblemKind, programOf, readProblems } from './problems';
import { inParallel, Sandbox } from './sandbox';

const PROBLEMS: readonly ProblemKind[] = ['single-line', 'multi-line', 'random-span-light'];
const MOST_TOKENS = 256;
/** What an editor would send: three quarters of it before the span. */
const CONTEXT = 1024;
const BEFORE = 768;
/** Keys that are pressed between two requests. */
const TYPED = 3;
/** Requests that are timed. */
const TIMED = 12;

interface Answer {
  readonly text: string;
  readonly millis: number;
  readonly tokens: number;
  readonly ended: boolean;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      data: { type: 'string' },
      held: { type: 'string', default: HELD },
      from: { type: 'string', default: 'not said' },
      limit: { type: 'string', default: '150' },
      cases: { type: 'string', default: '50' },
      name: { type: 'string' },
      part: { type: 'string' },
      kind: { type: 'string' },
      threads: { type: 'string', default: '2' },
      python: { type: 'string', default: 'python3' },
    },
  });
  if (values.model === undefined) throw new Error('Name the file: --model FILE.gguf.');
  const file = path.resolve(values.model);
  const checkpoint = await openCheckpoint(file);
  const model = await LlamaText.load(file, { threads: Number(values.threads), contextSize: 4096 });
  const peer = new Peer(model, checkpoint.family.infill.kind === 'fim-order', await fingerprint(file));
  const wants = (part: string): boolean => values.part === undefined || values.part === part;
  const sections: string[] = [];
  try {
    if (wants('problems')) {
      if (values.data === undefined)
        throw new Error('Name the folder with the published *.jsonl.gz files: --data DIR, or --part spans.');
      const kinds = PROBLEMS.filter((kind) => values.kind === undefined || kind === values.kind);
      if (kinds.length === 0) throw new Error(`--kind ${values.kind} is none of ${PROBLEMS.join(', ')}.`);
      sections.push(await problems(peer, kinds, values.data, Number(values.limit), values.python));
    }
    if (wants('spans')) sections.push(await spans(peer, values.held, Number(values.cases)));
    if (wants('times')) {
      const ours = await evaluated(file, Number(values.threads));
      try {
        sections.push(await times(model, peer, ours, values.held));
      } finally {
        await ours.dispose();
      }
    }
  } finally {
    await model.dispose();
  }
  const name = values.name ?? checkpoint.name;
  publish({
    name: `peers-${name.replace(/[^\w.-]+/g, '_')}`,
    title: `What a user would pick instead: ${name}, ${checkpoint.family.title}`,
    facts: [
      `${(checkpoint.parameters / 1e6).toFixed(0)}M parameters as stored, mostly ${checkpoint.storedDtype}; sha256 ${peer.key}…; the weights are from: ${values.from}`,
      `llama.cpp, ${values.threads} threads, greedy; prompt: ${peer.fills ? 'prefix and suffix through its FIM tokens' : 'the left side alone'}, ${BEFORE} tokens before and ${CONTEXT - BEFORE} behind at most`,
      'an answer ends with the model’s own end token, at 256 tokens, or, where one line is missing, with that line',
      '_cut at the suffix_: it ends where it repeats the suffix up to the end of its first line that is not blank',
    ],
    sections,
  });
}

/** The model with what it has answered so far. */
class Peer {
  constructor(
    private readonly model: LlamaText,
    /** Whether it fills in the middle. */
    readonly fills: boolean,
    readonly key: string,
  ) {}

  prompt(prefix: string, suffix: string): number[] {
    const [before, behind] = this.sides(prefix, suffix);
    return this.fills ? this.model.fillInTheMiddle(before, behind) : this.model.leftSide(before);
  }

  /** What of both sides goes into a prompt. */
  sides(prefix: string, suffix: string): readonly [string, string] {
    return [
      this.model.decode(this.model.encode(prefix).slice(-BEFORE)),
      this.model.decode(this.model.encode(suffix).slice(0, CONTEXT - BEFORE)),
    ];
  }

  /** One answer for each item, those of an earlier run among them. */
  async answers<T>(
    part: string,
    items: readonly T[],
    sidesOf: (item: T) => {
      readonly id: string;
      readonly prefix: string;
      readonly suffix: string;
      readonly oneLine: boolean;
    },
  ): Promise<Answer[]> {
    const file = path.join(benchFolder('peers'), `${this.key}-${part}.jsonl`);
    const known = new Map<string, Answer>();
    for (const line of fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n') : []) {
      if (line === '') continue;
      const { id, ...answer } = JSON.parse(line) as Answer & { id: string };
      known.set(id, answer);
    }
    const found: Answer[] = [];
    for (const [index, item] of items.entries()) {
      const { id, prefix, suffix, oneLine } = sidesOf(item);
      const answer = known.get(id) ?? (await this.answer(prefix, suffix, oneLine));
      if (!known.has(id)) fs.appendFileSync(file, `${JSON.stringify({ id, ...answer })}\n`);
      found.push(answer);
      if (index % 10 === 9) progress(`${part}: ${index + 1} of ${items.length}`);
    }
    return found;
  }

  private async answer(prefix: string, suffix: string, oneLine: boolean): Promise<Answer> {
    const { text, ids, millis, ended } = await this.model.complete(this.prompt(prefix, suffix), {
      maxTokens: MOST_TOKENS,
      // Leading line ends are not yet the line.
      ...(oneLine ? { isEnough: (so) => /\S[^\n]*\n/.test(so) } : {}),
    });
    const line = oneLine ? (/^\s*\S[^\n]*\n/.exec(text)?.[0] ?? text) : text;
    return { text: line, millis, tokens: ids.length, ended };
  }
}

async function problems(
  peer: Peer,
  kinds: readonly ProblemKind[],
  data: string,
  limit: number,
  python: string,
): Promise<string> {
  const sandbox = Sandbox.create(python, 5);
  const rows: string[][] = [];
  for (const kind of kinds) {
    const all = readProblems(data, kind, limit);
    const answers = await peer.answers(kind, all, ({ id, prefix, suffix }) => ({
      id,
      prefix,
      suffix,
      oneLine: kind === 'single-line',
    }));
    const texts = answers.map(({ text }) => text);
    const cut = texts.map((text, index) => beforeSuffix(text, all[index]?.suffix ?? ''));
    const passed = async (own: readonly string[]): Promise<string> => {
      const verdicts = await inParallel(all, 2, (problem, index) =>
        sandbox.run(programOf(problem, own[index] ?? '')),
      );
      return percent(verdicts.filter((verdict) => verdict === 'passed').length / all.length);
    };
    rows.push([
      kind,
      String(all.length),
      await passed(texts),
      await passed(cut),
      percent(answers.filter(({ text }, index) => text === all[index]?.middle).length / all.length),
      percent(answers.filter(({ ended }) => ended).length / all.length),
      figure(mean(answers.map(({ tokens }) => tokens))),
      figure(median(answers.map(({ millis }) => millis))),
    ]);
  }
  return [
    '## HumanEval-Infilling',
    markdownTable(
      [
        '',
        'problems',
        'pass@1 %',
        'cut at the suffix: pass@1 %',
        'exact %',
        'ended by itself %',
        'tokens',
        'ms an answer, median',
      ],
      rows,
    ),
  ].join('\n\n');
}

/** As editors cut it: what the answer repeats of what stands behind it, and all that follows, goes. */
function beforeSuffix(text: string, suffix: string): string {
  const [first = ''] = suffix.split('\n').filter((line) => line.trim() !== '');
  const at = first === '' ? -1 : text.indexOf(suffix.slice(0, suffix.indexOf(first) + first.length));
  return at < 0 ? text : text.slice(0, at);
}

async function spans(peer: Peer, held: string, count: number): Promise<string> {
  const files = heldFiles(held, 'measure');
  const tokenizer = await spanTokenizer();
  const rows: string[][] = [];
  for (const kind of SPAN_KINDS) {
    const outcomes: Outcome[] = [];
    for (const language of LANGUAGES) {
      const cases = drawCases(files, language, kind, tokenizer, count);
      const answers = await peer.answers(
        `spans-${language}-${SPAN_KINDS.indexOf(kind)}`,
        cases,
        ({ text, at, source }) => ({
          id: `${source} ${at} ${crypto.createHash('sha256').update(text).digest('hex').slice(0, 12)}`,
          prefix: text.slice(0, at),
          suffix: text.slice(at),
          oneLine: false,
        }),
      );
      const mine = cases.map(({ answer }, index) => outcomeOf(answers[index]?.text, answer, tokenizer));
      rows.push([kind, language, String(cases.length), ...scoreCells(mine)]);
      outcomes.push(...mine);
    }
    rows.push([kind, 'all', String(outcomes.length), ...scoreCells(outcomes)]);
  }
  return [
    '## Held-out spans, length unknown, file alone',
    markdownTable(['kind', 'language', 'spans', 'exact %', 'similar %', 'first %'], rows),
  ].join('\n\n');
}

/** Time to an answer of a line: with nothing in the cache, and behind the same request three typed characters earlier. */
async function times(model: LlamaText, peer: Peer, ours: Evaluated, held: string): Promise<string> {
  const tokenizer = await spanTokenizer();
  const cases = drawCases(heldFiles(held, 'measure'), 'python', 'rest of line', tokenizer, TIMED);
  const cold: number[] = [];
  const warm: number[] = [];
  const tokens: number[] = [];
  const timesOf = () => ({
    cold: [] as number[],
    warm: [] as number[],
    tokens: [] as number[],
    forwards: [] as number[],
  });
  // As it adapts to the machine, and made to read as much as the other one.
  const [adapted, whole] = [timesOf(), timesOf()];
  const answered = async (prefix: string, suffix: string, window: number | undefined) => {
    const started = performance.now();
    const result = await ours.open.infill(
      {
        requestId: 0,
        model: ours.checkpoint.folder,
        priority: 'ghost',
        text: prefix + suffix,
        spans: [{ start: prefix.length, end: prefix.length }],
        language: 'python',
        maxTokens: 32,
        interactive: true,
        ...(window === undefined ? {} : { window }),
      },
      {},
    );
    return { millis: performance.now() - started, result };
  };
  for (const { text, at } of cases) {
    const options = { maxTokens: 32, isEnough: (so: string) => so.includes('\n') };
    const suffix = text.slice(at);
    model.forget();
    cold.push((await model.complete(peer.prompt(text.slice(0, at - TYPED), suffix), options)).millis);
    const last = await model.complete(peer.prompt(text.slice(0, at), suffix), options);
    warm.push(last.millis);
    tokens.push(last.ids.length);
    // The same text for both: what the prompt holds.
    const [before, behind] = peer.sides(text.slice(0, at), suffix);
    // Nothing of it is known any more, whichever of them was asked before.
    const forget = () => answered('x = ', '\n', undefined);
    for (const [own, window] of [
      [adapted, undefined],
      [whole, CONTEXT],
    ] as const) {
      await forget();
      own.cold.push((await answered(before.slice(0, -TYPED), behind, window)).millis);
      const { millis, result } = await answered(before, behind, window);
      own.warm.push(millis);
      own.tokens.push(result.tokens);
      own.forwards.push(result.forwards);
    }
  }
  const written = ({ tokens, forwards }: typeof adapted) =>
    `${figure(mean(tokens))} in ${figure(mean(forwards))} passes`;
  const cells = (who: string, name: string, found: readonly number[]): string[] => [
    who,
    name,
    figure(median(found)),
    figure(percentile(found, 0.95)),
  ];
  return [
    '## Time to an answer',
    `${cases.length} held-out Python files, in turns; Palimpsest as for ghost text, with copying: it reads as much as this machine reads in time, or as told, ${CONTEXT} tokens at most. llama.cpp writes ${figure(mean(tokens))} tokens an answer, Palimpsest ${written(adapted)}, or ${written(whole)}. The rest of a line, at most 32 tokens, to the line’s end. With the suffix behind the prefix in the prompt, the suffix is evaluated again after every key.`,
    markdownTable(
      ['', '', 'ms, median', 'ms, 95 %'],
      [
        cells('llama.cpp', 'nothing in the cache', cold),
        cells('Palimpsest', 'nothing in the cache', adapted.cold),
        cells(`Palimpsest, ${CONTEXT} tokens`, 'nothing in the cache', whole.cold),
        cells('llama.cpp', `${TYPED} characters later`, warm),
        cells('Palimpsest', `${TYPED} characters later`, adapted.warm),
        cells(`Palimpsest, ${CONTEXT} tokens`, `${TYPED} characters later`, whole.warm),
      ],
    ),
  ].join('\n\n');
}

async function fingerprint(file: string): Promise<string> {
  const hash = crypto.createHash('sha256');
  for await (const chunk of fs.createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex').slice(0, 16);
}

runBench(main);
