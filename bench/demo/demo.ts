// `npm run bench -- demo`: the places of the samples that a newcomer would select, one whole line of code each, and what the
// model makes of them. The demo shows one of these; a model that fails at most of them should not be shipped.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { judged } from '../../extension/rewrite/judge';
import { SyntaxTrees } from '../../extension/syntax/syntaxTrees';
import { markdownTable, progress, publish, ROOT, runBench, STARTER } from '../harness';
import { evaluated } from '../infilling/engine';

const SAMPLES = [
  { file: 'inventory.py', language: 'python' },
  { file: 'rateLimiter.ts', language: 'typescript' },
];
const PLACES = 20;
/** As many as a rewrite makes by default, and as the demo asks for. */
const CANDIDATES = 4;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { model: { type: 'string', default: STARTER } } });
  const engine = await evaluated(values.model, 2);
  const folder = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
  const trees = new SyntaxTrees({ folder, warn: progress, limitMillis: 60_000 });
  const rows: string[][] = [];
  let shown = 0;
  let same = 0;
  try {
    for (const { file, language } of SAMPLES) {
      const text = fs.readFileSync(path.join(ROOT, 'docs', 'samples', file), 'utf8');
      for (const place of placesOf(text, PLACES / SAMPLES.length)) {
        const asked = { requestId: 1, model: '', priority: 'rewrite' as const, candidates: CANDIDATES };
        const { candidates } = await engine.open.infill({ ...asked, text, language, spans: [place] }, {});
        const old = text.slice(place.start, place.end);
        const answers = candidates.map(({ spans, flaws = [] }) => ({ texts: [spans[0]?.text ?? ''], flaws }));
        const [best] = await judged(trees, { text, languageId: language }, [{ ...place, old }], answers);
        const answer = best?.texts[0] ?? '';
        const { mark = 'poor', reasons = [] } = best?.quality ?? {};
        if (mark !== 'poor') shown++;
        if (answer === old) same++;
        const line = text.slice(0, place.start).split('\n').length;
        rows.push([`${file}:${line}`, code(old), code(answer), [mark, ...reasons].join(', ')]);
      }
    }
  } finally {
    trees.dispose();
    await engine.dispose();
  }
  publish({
    name: 'demo',
    title: 'What a newcomer sees first',
    sections: [
      `Of ${rows.length} lines of the samples, ${shown} get an answer that parses, does not loop and does not delete most of the line; ${same} of these are what stood there. The best of ${CANDIDATES} candidates.`,
      markdownTable(['place', 'stood there', 'answer', 'mark'], rows),
    ],
  });
}

/** Lines inside functions, spread over the file, without their indentation. */
function placesOf(text: string, count: number): { readonly start: number; readonly end: number }[] {
  const lines: { readonly start: number; readonly end: number }[] = [];
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
