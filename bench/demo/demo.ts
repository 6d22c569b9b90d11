// `npm run bench -- demo`: the places of the samples that a newcomer would select, one whole line of code each, and what the
// model makes of them; and the line that the editor's own sample begins with. The demo shows one of these; a model that fails
// at most of them should not be shipped.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SyntaxTrees } from '../../engine/syntax/syntaxTrees';
import { judged } from '../../extension/rewrite/judge';
import type { Candidate } from '../../extension/rewrite/state/types';
import { FIRST_FILE, FIRST_LANGUAGE, firstRewriteOf } from '../../extension/ui/firstRewrite';
import { markdownTable, progress, publish, ROOT, runBench, STARTER } from '../harness';
import { evaluated } from '../infilling/engine';

const SAMPLES = [
  { file: 'inventory.py', language: 'python' },
  { file: 'rateLimiter.ts', language: 'typescript' },
];
const PLACES = 20;
/** As many as a rewrite makes by default. */
const CANDIDATES = 2;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { model: { type: 'string', default: STARTER } } });
  const engine = await evaluated(values.model, 2);
  const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
  const trees = new SyntaxTrees({ folder, warn: progress, limitMillis: 60_000 });
  const rows: string[][] = [];
  const first: string[] = [];
  let shown = 0;
  let likely = 0;
  let same = 0;
  const best = async (text: string, language: string, place: Place): Promise<Candidate | undefined> => {
    const asked = { requestId: 1, model: '', priority: 'rewrite' as const, candidates: CANDIDATES };
    const { candidates } = await engine.open.infill({ ...asked, text, language, spans: [place] }, {});
    const old = text.slice(place.start, place.end);
    const answers = candidates.map(({ spans, flaws = [] }) => ({ texts: [spans[0]?.text ?? ''], flaws }));
    const [one] = await judged(trees, { text, languageId: language }, [{ ...place, old }], answers);
    return one;
  };
  try {
    for (const { file, language } of SAMPLES) {
      const text = sample(file);
      for (const place of placesOf(text, PLACES / SAMPLES.length)) {
        const one = await best(text, language, place);
        const old = text.slice(place.start, place.end);
        const answer = one?.texts[0] ?? '';
        if (one?.quality?.mark !== 'poor') shown++;
        if (one?.quality?.mark === 'likely') likely++;
        if (answer === old) same++;
        const line = text.slice(0, place.start).split('\n').length;
        rows.push([`${file}:${line}`, code(old), code(answer), wordsOf(one)]);
      }
    }
    const { text, start, end, before } = firstRewriteOf(sample(FIRST_FILE));
    const one = await best(text, FIRST_LANGUAGE, { start, end });
    first.push(code(text.slice(start, end)), code(before), code(one?.texts[0] ?? ''), wordsOf(one));
  } finally {
    trees.dispose();
    await engine.dispose();
  }
  publish({
    name: 'demo',
    model: values.model,
    title: 'What a newcomer sees first',
    sections: [
      `Of ${rows.length} lines of the samples, ${shown} get an answer that parses, does not loop and does not delete most of the line; ${likely} of these look likely, and ${same} are what stood there. The best of ${CANDIDATES} candidates.`,
      markdownTable(['place', 'stood there', 'answer', 'mark'], rows),
      "The line that the editor's sample begins with (extension/ui/firstRewrite.ts):",
      markdownTable(['selected', 'would be right', 'answer', 'mark'], [first]),
    ],
  });
}

interface Place {
  readonly start: number;
  readonly end: number;
}

function sample(file: string): string {
  return fs.readFileSync(path.join(ROOT, 'docs', 'samples', file), 'utf8');
}

function wordsOf(one: Candidate | undefined): string {
  const { mark = 'poor', reasons = [] } = one?.quality ?? {};
  return [mark, ...reasons].join(', ');
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
