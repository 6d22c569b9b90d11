// What a memory costs: how long it takes to fill, to change and to ask, and how large it is. The held-out packages are its text, as
// often as it takes (each copy in folders of its own).
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openCheckpoint } from '../../engine/checkpoint/open';
import { analogiesFor } from '../../engine/copying/analogies';
import { draftsFor } from '../../engine/copying/drafts';
import { LEFT_REACH } from '../../engine/copying/sources';
import { seededRandom } from '../../engine/decoding/random';
import { MemoryLookup } from '../../engine/memory/lookup';
import { Memory } from '../../engine/memory/memory';
import type { MemoryFile } from '../../engine/protocol';
import { figure, markdownTable, mebibytes, median, percentile, publish, runBench, STARTER } from '../harness';
import { spanTokenizer } from '../infilling/engine';
import { drawCases, HELD, heldFiles, KINDS, LANGUAGES } from '../infilling/spans';
import { AT_ONCE, type GhostAnswers, ghostAnswers } from './ghostAnswers';

const EDITS = 200;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      held: { type: 'string', default: HELD },
      megabytes: { type: 'string', default: '20' },
      lookups: { type: 'string', default: '2000' },
      model: { type: 'string', default: STARTER },
      answers: { type: 'string', default: '1500' },
    },
  });
  const files = filesOf(values.held, 1e6 * Number(values.megabytes));
  const memory = new Memory();
  const slices = new Stopwatch();
  const filling = new Stopwatch();
  for (let at = 0; at < files.length; at += AT_ONCE)
    filling.time(() => slices.drive(memory.update(files.slice(at, at + AT_ONCE), [])));
  const { characters, bytes, files: count } = memory.facts();

  const random = seededRandom(1);
  const draw = (): MemoryFile => files[Math.floor(random() * files.length)] ?? { path: '', text: '' };
  const edits = new Stopwatch();
  for (let i = 0; i < EDITS; i++) {
    const file = draw();
    const text = `${file.text}\nedited = ${i}\n`;
    edits.time(() => slices.drive(memory.update([{ ...file, text }], [])));
  }
  const lookups = new Stopwatch();
  const drafts = new Stopwatch();
  const analogies = new Stopwatch();
  const alone = new Stopwatch();
  // What is compiled while it runs is not what a lookup takes.
  const warmUp = 100;
  for (let i = -warmUp; i < Number(values.lookups); i++) {
    const { path, text, language = '' } = draw();
    const at = Math.floor(random() * text.length);
    const [left, right] = [text.slice(Math.max(0, at - LEFT_REACH), at), text.slice(at, at + LEFT_REACH)];
    const index = new MemoryLookup(memory, { path, language });
    const own = [
      { text: text.slice(0, at), distance: 0, before: true },
      { text: text.slice(at), distance: 0, before: false },
    ];
    const keep = i >= 0;
    lookups.time(() => index.sources(left, right), keep);
    drafts.time(() => draftsFor(own, left, right, { index }), keep);
    analogies.time(() => analogiesFor([...own, ...index.stretches(left, right)], left, right), keep);
    alone.time(() => {
      draftsFor(own, left, right);
      analogiesFor(own, left, right);
    }, keep);
  }
  const model = path.resolve(values.model);
  const { name } = await openCheckpoint(model);
  const tokenizer = await spanTokenizer();
  const each = Math.ceil(Number(values.answers) / LANGUAGES.length);
  const held = heldFiles(values.held, 'measure');
  const cases = LANGUAGES.flatMap((language) => drawCases(held, language, KINDS[0], tokenizer, each));
  const answers = await ghostAnswers(model, files, cases, ({ source, path }) => `0/${source}/${path}`);
  publish({
    name: 'memory',
    model: values.model,
    title: 'What a memory costs',
    facts: [
      `${count} files of held-out packages, ${(characters / 1e6).toFixed(1)} million characters; one core`,
    ],
    sections: [
      markdownTable(
        ['', ''],
        [
          ['to fill it, s', figure(filling.sum / 1000)],
          ['MiB of texts and index', mebibytes(bytes)],
          ['longest piece of work between two breaks, ms', figure(slices.longest)],
        ],
      ),
      markdownTable(
        ['ms of CPU time', 'median', '95th percentile', '99th percentile'],
        [
          edits.row('a file that is edited, until it is found'),
          lookups.row('a lookup: places for one hole'),
          drafts.row('drafts from those and the file itself'),
          analogies.row('analogies from those and the file itself'),
          alone.row('drafts and analogies from the file alone'),
        ],
      ),
      `Ghost text of ${name} from the engine’s process, ${cases.length} holes of 4–12 tokens in a line, in turns:`,
      markdownTable(
        ['ms from asking to the answer', 'mean', 'median', '95th percentile', 'passes of the model, mean'],
        [answersRow('the file alone', answers.alone), answersRow('with the memory', answers.workspace)],
      ),
      differences(answers.alone.millis, answers.workspace.millis, seededRandom(2)),
    ],
  });
}

/** Milliseconds; `time` takes CPU time, all threads: a machine that does other things takes longer, and not the same each time. */
class Stopwatch {
  private readonly times: number[] = [];

  time(work: () => unknown, keep = true): void {
    const begun = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(begun);
    if (keep) this.times.push((user + system) / 1000);
  }

  drive<T>(work: Generator<void, T>): T {
    for (;;) {
      let step: IteratorResult<void, T> | undefined;
      this.time(() => {
        step = work.next();
      });
      if (step?.done) return step.value;
    }
  }

  get sum(): number {
    return this.times.reduce((all, time) => all + time, 0);
  }

  get longest(): number {
    return Math.max(...this.times);
  }

  row(name: string): string[] {
    return [name, ...[0.5, 0.95, 0.99].map((part) => figure(percentile(this.times, part)))];
  }
}

function answersRow(title: string, { millis, passes }: GhostAnswers): string[] {
  const mean = millis.reduce((sum, one) => sum + one, 0) / millis.length;
  return [title, ...[mean, median(millis), percentile(millis, 0.95), passes / millis.length].map(figure)];
}

const RESAMPLINGS = 2000;

/** How sure the differences are (the bootstrap: Efron 1979): the holes are drawn again and again, each with both of its times. */
function differences(alone: readonly number[], workspace: readonly number[], random: () => number): string {
  const told = [['median', 0.5] as const, ['95th percentile', 0.95] as const].map(([name, part]) => {
    const of = (holes: readonly number[]) => {
      const [less, more] = [alone, workspace].map((times) => holes.map((i) => times[i] ?? 0));
      return percentile(more ?? [], part) - percentile(less ?? [], part);
    };
    const all = alone.map((_, i) => i);
    const drawn = Array.from({ length: RESAMPLINGS }, () =>
      of(all.map(() => Math.floor(random() * all.length))),
    );
    const [least, most] = [0.05, 0.95].map((share) => figure(percentile(drawn, share)));
    return `${name} ${figure(of(all))} ms (${least} to ${most})`;
  });
  return `With the memory less the file alone, and nine in ten of ${RESAMPLINGS} resamplings of the holes: ${told.join(', ')}.`;
}

/**
 * Of both halves of the packages, then those that no hole is drawn from again and again, until there are so many characters:
 * a copy of a file would hold the answer to a hole in it.
 */
function filesOf(held: string, characters: number): MemoryFile[] {
  const others = heldFiles(held, 'fit');
  const files: MemoryFile[] = [];
  for (let copy = 0, length = 0; length < characters; copy++)
    for (const { source, path, text, language } of copy === 0
      ? [...heldFiles(held, 'measure'), ...others]
      : others) {
      if (length >= characters) break;
      length += text.length;
      files.push({ path: `${copy}/${source}/${path}`, text, language });
    }
  return files;
}

runBench(main);
