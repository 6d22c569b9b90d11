// `npm run bench -- repair`: how often a planted fault is mended, by way and strength, and how many of the marks on a screen
// are the fault. The defaults of repairs and of suspicious tokens were chosen on the other half of the held-out packages.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { markdownTable, progress, publish, runBench, STARTER } from '../harness';
import { type Evaluated, evaluated } from '../infilling/engine';
import { HELD, heldFiles } from '../infilling/spans';
import { type FaultyCase, faultyCases } from './cases';
import { FAULTS } from './faults';
import { type Screen, screenOf, suspicionTable } from './suspicion';
import { guessed, lookedAt, type Mended, mendedBy, repairBy, rewriteBy, STRENGTHS, taken } from './ways';
import { FAULTS_IN_FILE, faultyFiles, type MarkedFile, markedFile, wholeFilesTable } from './wholeFiles';

interface Row {
  readonly held: FaultyCase;
  /** By the way's name. */
  readonly ways: ReadonlyMap<string, Mended>;
  /** Whether the line without the fault stays as it is, before all of it is rewritten. */
  readonly isKept: boolean;
  readonly screen: Screen;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      held: { type: 'string', default: HELD },
      model: { type: 'string', default: STARTER },
      cases: { type: 'string', default: '3' },
      half: { type: 'string', default: 'measure' },
      // Of each language, with seven faults in each.
      files: { type: 'string', default: '1' },
    },
  });
  const engine = await evaluated(values.model, 2);
  const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
  const trees = new SyntaxTrees({ folder, warn: progress, limitMillis: 60_000 });
  const half = values.half === 'fit' ? 'fit' : 'measure';
  const sources = heldFiles(values.held, half);
  const cases = faultyCases(sources, Number(values.cases));
  const rows: Row[] = [];
  const files: MarkedFile[] = [];
  try {
    for (const [index, held] of cases.entries()) {
      const ways = new Map<string, Mended>();
      for (const strength of STRENGTHS)
        ways.set(`rewrite, strength ${strength}`, await rewriteBy(engine, held, strength));
      for (const most of [1, 2]) {
        const mended = await repairBy(engine, held, { most, least: 0 });
        ways.set(`${wordsOf(most)}, always taken`, mended);
        ways.set(likelier(most), taken(mended));
      }
      const { undone, mended } = await mendedBy(engine, trees, held);
      ways.set(SLIP, undone);
      ways.set(MENDED, mended);
      const first = await lookedAt(engine, trees, held, mended);
      ways.set(FIRST, shownFirst(engine, first, ways.get(WHOLE) ?? NOTHING));
      const right = rightCase(held);
      const { mended: other } = await mendedBy(engine, trees, right);
      const isKept = typeof (await lookedAt(engine, trees, right, other)) !== 'object';
      rows.push({ held, ways, isKept, screen: await screenOf(engine, trees, held) });
      if (index % 10 === 9) progress(`${index + 1} of ${cases.length} faults`);
    }
    for (const faulty of faultyFiles(sources, Number(values.files))) {
      files.push(await markedFile(engine, trees, faulty));
      progress(`marked: ${files.length} whole files`);
    }
  } finally {
    trees.dispose();
    await engine.dispose();
  }
  publish({
    name: 'repair',
    model: values.model,
    title: 'Planted faults: mended, and marked',
    facts: [`${rows.length} faults, ${values.cases} of each kind and language, one in a file`],
    sections: [
      'Lines of held-out packages with one fault planted in each. The line is selected; greedy, one candidate. _Back_: what stood there is there again. _Other_: something else is proposed. _Right of what is shown_: back, of back and other.',
      waysTable(rows),
      `Of the same lines without a fault, ${rows.filter(({ isKept }) => !isKept).length} of ${rows.length} would get another word first, too: nobody selects a line to have it left as it is, but then the rewrite is one press further away.`,
      '_Back_, by the fault:',
      faultsTable(rows),
      'Suspicious tokens of the 40 lines around the fault. _Found_: screens on which a mark lies on the fault. _Precision_: marks on the fault, of all marks; with one fault a screen, three marks can reach 33 %.',
      suspicionTable(rows.map(({ screen }) => screen)),
      `Suspicious tokens of whole files: ${files.length} of them, ${FAULTS_IN_FILE} faults of as many kinds in each, spread over it, so that there are 40 lines or more for each. All screens are marked as the editor does it (odds 100 : 1, slips first, no strings and comments). _False_: marks on none of the faults.`,
      wholeFilesTable(files),
    ],
  });
}

const WHOLE = 'rewrite, strength 1';
const SLIP = 'a slip undone, taken where the line becomes likelier (2 nats)';
const MENDED = 'a slip undone, else a likelier word (8 nats)';
const FIRST =
  'as a rewrite begins: mended like that, else the end, else all of a line that is not whole, and of others where a fitted confidence is even';
const NOTHING: Mended = { text: undefined };

function wordsOf(most: number): string {
  return most === 1 ? 'the least likely word' : `the ${most} least likely words`;
}

function likelier(most: number): string {
  return `${wordsOf(most)}, taken where the line becomes likelier (3 nats)`;
}

/** `whole`: what all of the line is rewritten to. */
function shownFirst(engine: Evaluated, first: Awaited<ReturnType<typeof lookedAt>>, whole: Mended): Mended {
  return first === 'unsuspicious' || first === 'likeliest' ? guessed(engine, whole) : (first ?? whole);
}

/** The line as it was, in place of the faulty one. */
function rightCase(held: FaultyCase): FaultyCase {
  const { line, right } = held;
  const text = held.text.slice(0, line.start) + right + held.text.slice(line.end);
  return { ...held, text, line: { start: line.start, end: line.start + right.length } };
}

function namesOf(rows: readonly Row[]): readonly string[] {
  return [...(rows[0]?.ways.keys() ?? [])];
}

const isBack = ({ held, ways }: Row, name: string) => ways.get(name)?.text === held.right;

function waysTable(rows: readonly Row[]): string {
  return markdownTable(
    ['way', 'back', 'other', 'left as it is', 'right of what is shown %'],
    namesOf(rows).map((name) => {
      const back = rows.filter((row) => isBack(row, name)).length;
      const left = rows.filter(({ ways }) => ways.get(name)?.text === undefined).length;
      const shown = rows.length - left;
      return [name, back, shown - back, left, shown === 0 ? '–' : ((100 * back) / shown).toFixed(0)].map(
        String,
      );
    }),
  );
}

function faultsTable(rows: readonly Row[]): string {
  const names = namesOf(rows).filter((name) => !name.includes('always'));
  return markdownTable(
    ['fault', 'cases', ...names],
    FAULTS.map((fault) => {
      const own = rows.filter(({ held }) => held.fault === fault);
      return [fault, own.length, ...names.map((name) => own.filter((row) => isBack(row, name)).length)].map(
        String,
      );
    }),
  );
}

runBench(main);
