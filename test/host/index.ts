// What VS Code's extension host calls for a test run, in the desktop editor and in code-server alike.
import fs from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';
import { configure } from './host';

export async function run(): Promise<void> {
  await configure('model.path', undefined);
  const grep = process.env['PALIMPSEST_GREP'];
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 60_000,
    // The log says where the time goes.
    slow: 400,
    color: false,
    ...(grep ? { grep } : {}),
  });
  const chosen = process.env['PALIMPSEST_SUITES']?.split(',').filter((file) => file !== '') ?? [];
  const suites = fs
    .readdirSync(__dirname)
    .filter((file) => file.endsWith('.suite.js') && (chosen.length === 0 || chosen.includes(file)));
  // What must be seen before anything was used comes first.
  for (const file of suites.sort()) mocha.addFile(path.join(__dirname, file));
  return new Promise((resolve, reject) => {
    const runner = mocha.run((failures) => {
      if (failures > 0) reject(new Error(`${failures} tests failed.`));
      // A word that chooses nothing must not look like a success.
      else if (runner.stats?.tests === 0) reject(new Error(`No test of VS Code matches "${grep}".`));
      else resolve();
    });
  });
}
