// `npm run demo`: the included model mends a line of a sample in the terminal, without an editor.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { palimpsest } from './palimpsest.mjs';
import { root } from './setup.mjs';

const SAMPLE = 'docs/samples/rateLimiter.ts';
/** The line and the slip are those of the editor's first rewrite, extension/ui/firstRewrite.ts. */
const LINE = 37;
const SLIP = 'const bucket = this.buckets.get(key);';
const NEXT = `
What to try next:
  npm start                                     the same in VS Code, in the browser
  npm run palimpsest -- infill docs/samples/inventory.py --span 48:17-48:41 --candidates 3
  npm run palimpsest -- score ${SAMPLE}
  npm run palimpsest -- check models/starter
  npm run palimpsest -- --help                  every command; docs/command.md has the details

The included models are small and weak: install a better one with "Choose Model…" in the editor, or with
"npm run palimpsest -- models install NAME" (docs/models.md).
`;

/** The sample with the slip in it, and where that is. */
export function demoCase() {
  const lines = fs.readFileSync(path.join(root, SAMPLE), 'utf8').split(/\r?\n/);
  const indent = /^ */.exec(lines[LINE - 1])[0];
  const text = lines.with(LINE - 1, indent + SLIP).join('\n');
  const first = indent.length + 1;
  return { text, span: `${LINE}:${first}-${LINE}:${first + SLIP.length}` };
}

function demo() {
  const { text, span } = demoCase();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-demo-'));
  try {
    const file = path.basename(SAMPLE);
    fs.writeFileSync(path.join(folder, file), text);
    console.log(`In a copy of ${SAMPLE}, line ${LINE} has a mistake. The line is masked`);
    console.log('and denoised, using the code before and after it:\n');
    return palimpsest(['infill', file, '--span', span, '--max-tokens', '32'], folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === path.join(root, 'scripts', 'demo.mjs')) {
  process.exitCode = demo();
  console.log(NEXT);
}
