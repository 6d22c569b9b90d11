// What the package contains of others, with their licences: their texts have to go with it.
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../setup.mjs';

/** Name → version and licence of everything that is no development dependency. */
function shipped() {
  const { packages } = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const wanted = new Set();
  const visit = (name) => {
    const entry = packages[`node_modules/${name}`];
    if (entry === undefined || wanted.has(name)) return;
    wanted.add(name);
    for (const next of Object.keys(entry.dependencies ?? {})) visit(next);
  };
  const { dependencies } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  // What onnxruntime-node's install script needs is not shipped.
  for (const name of Object.keys(dependencies)) {
    if (name === 'onnxruntime-node') for (const one of [name, 'onnxruntime-common']) wanted.add(one);
    else visit(name);
  }
  return [...wanted].sort();
}

/** Writes dist/ThirdPartyNotices.txt. */
export function writeNotices() {
  const parts = shipped().map((name) => {
    const folder = path.join(root, 'node_modules', name);
    const { version, license, homepage } = JSON.parse(
      fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
    );
    const file = fs.readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const text = file === undefined ? (homepage ?? '') : fs.readFileSync(path.join(folder, file), 'utf8');
    return `${name} ${version}, ${license}\n\n${text.trim()}\n`;
  });
  const rule = `\n${'-'.repeat(78)}\n\n`;
  const head = 'Palimpsest contains the following packages.\n';
  fs.writeFileSync(path.join(root, 'dist', 'ThirdPartyNotices.txt'), [head, ...parts].join(rule));
}
