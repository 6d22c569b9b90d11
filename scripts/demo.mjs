// `npm run demo`: the starter model infills a sample in the terminal, without an editor.
import { palimpsest } from './palimpsest.mjs';

const SAMPLE = 'docs/samples/inventory.py';
const SPAN = '54:13-55:41';
const NEXT = `
What to try next:
  npm start                                     the same in VS Code, in the browser
  npm run palimpsest -- infill docs/samples/rateLimiter.ts --span 41:12-41:76 --candidates 3
  npm run palimpsest -- score ${SAMPLE}
  npm run palimpsest -- check models/starter
  npm run palimpsest -- --help                  every command; docs/command.md tells the rest
`;

console.log(`Two lines of ${SAMPLE} are masked and denoised with the code on both sides in view.`);
console.log('What it would change is shown below as a diff; the file itself is left alone.\n');
process.exitCode = palimpsest(['infill', SAMPLE, '--span', SPAN, '--max-tokens', '32']);
console.log(NEXT);
