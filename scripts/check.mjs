// Types, lint, format, the direction of imports, dead exports and translations in one go: zero warnings is the rule.
import { ensureDependencies, run } from './setup.mjs';

ensureDependencies();
run('npx', ['--no-install', 'tsc', '-p', '.']);
run('npx', ['--no-install', 'biome', 'check', '--error-on-warnings', '.']);
run('npx', ['--no-install', 'depcruise', '--config', '.dependency-cruiser.cjs', 'engine', 'extension']);
run('npx', ['--no-install', 'knip', '--no-progress']);
run('node', ['scripts/l10n.mjs', '--check']);
