// `npm run build`: what F5 runs first. Sets up, so that a fresh clone needs nothing before it.
import { ensureDependencies, run } from './setup.mjs';

ensureDependencies();
run('node', ['esbuild.js', ...process.argv.slice(2)]);
