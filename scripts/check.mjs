// Types, lint, format and translations in one go: zero warnings is the rule.
import { ensureDependencies, run } from './setup.mjs';

ensureDependencies();
run('npx', ['--no-install', 'tsc', '-p', '.']);
run('npx', ['--no-install', 'biome', 'check', '--error-on-warnings', '.']);
run('node', ['scripts/l10n.mjs', '--check']);
