// `npm run demo`: the starter model infills a sample in the terminal, without an editor.
import { palimpsest } from './palimpsest.mjs';

const SAMPLE = 'docs/samples/rateLimiter.ts';
// The bench of such places (`npm run bench -- demo`) says which ones the model gets right.
const SPAN = '37:5-37:36';
const NEXT = `
What to try next:
  npm start                                     the same in VS Code, in the browser
  npm run palimpsest -- infill docs/samples/inventory.py --span 48:17-48:41 --candidates 3
  npm run palimpsest -- score ${SAMPLE}
  npm run palimpsest -- check models/starter
  npm run palimpsest -- --help                  every command; docs/command.md tells the rest
`;

console.log(`A line of ${SAMPLE} is masked and denoised with the code on both sides in view.`);
console.log(
  'If the model writes something else than stood there, a diff shows it; the file itself is left alone.\n',
);
process.exitCode = palimpsest(['infill', SAMPLE, '--span', SPAN, '--max-tokens', '32']);
console.log(NEXT);
