// Commands import their larger parts when they are first used. Tests run with a loader for `require` alone, which starts sooner:
// a test of such a command imports this file for `import()` to find TypeScript.
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

register('tsx/esm', pathToFileURL(__filename), { data: {} });
