// `npm run l10n`: collects what the extension says (`l10n.t`) into l10n/bundle.l10n.json, from which translations are made, and
// says what a translation lacks or has too much. `--check`: changes nothing and fails where something is amiss.
import fs from 'node:fs';
import path from 'node:path';
import { root } from './setup.mjs';

const FOLDER = path.join(root, 'l10n');
const CALL = /\bl10n\.t\(/g;
const LITERAL = /^\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\$]|\\.|\$(?!\{))*)`)\s*[,)]/;

/** Every sentence of the sources; one that is no plain literal could not be translated, and is an error. */
function collect() {
  const said = new Set();
  const folder = path.join(root, 'extension');
  for (const file of fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const text = fs.readFileSync(path.join(folder, file), 'utf8');
    for (const { index, 0: call } of text.matchAll(CALL)) {
      const literal = LITERAL.exec(text.slice(index + call.length));
      if (literal === null) {
        const line = text.slice(0, index).split('\n').length;
        throw new Error(`extension/${file}:${line}: what l10n.t is given first has to be a plain literal.`);
      }
      said.add(unescaped(literal[1] ?? literal[2] ?? literal[3]));
    }
  }
  return [...said].sort();
}

function unescaped(body) {
  const known = { n: '\n', t: '\t' };
  return body.replace(/\\(?:u([0-9a-f]{4})|(.))/gi, (_all, code, sign) =>
    code ? String.fromCharCode(Number.parseInt(code, 16)) : (known[sign] ?? sign),
  );
}

const json = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const placeholders = (text) => [...new Set(text.match(/\{\d+\}/g) ?? [])].sort().join();

/** [what is wrong] of each translation of a bundle. */
function complaints(folder, source, pattern) {
  return fs
    .readdirSync(folder)
    .filter((file) => pattern.test(file))
    .flatMap((file) => {
      const translation = json(path.join(folder, file));
      return [
        ...Object.keys(source)
          .filter((key) => !translation[key]?.trim())
          .map((key) => `${file} lacks ${JSON.stringify(key)}`),
        ...Object.keys(translation)
          .filter((key) => source[key] === undefined)
          .map((key) => `${file} has ${JSON.stringify(key)}, which nobody says`),
        ...Object.keys(source)
          .filter((key) => translation[key] && placeholders(translation[key]) !== placeholders(source[key]))
          .map((key) => `${file} has other placeholders in ${JSON.stringify(key)}`),
      ];
    });
}

const isCheck = process.argv.includes('--check');
const bundle = Object.fromEntries(collect().map((sentence) => [sentence, sentence]));
const file = path.join(FOLDER, 'bundle.l10n.json');
const text = `${JSON.stringify(bundle, null, 2)}\n`;
const found = [];
if (!isCheck) {
  fs.mkdirSync(FOLDER, { recursive: true });
  fs.writeFileSync(file, text);
} else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) {
  found.push('l10n/bundle.l10n.json is not what the sources say: run npm run l10n');
}
found.push(
  ...complaints(FOLDER, bundle, /^bundle\.l10n\.[\w-]+\.json$/),
  ...complaints(root, json(path.join(root, 'package.nls.json')), /^package\.nls\.[\w-]+\.json$/),
);
for (const one of found) console.error(one);
if (found.length > 0) process.exitCode = 1;
else console.log(`${Object.keys(bundle).length} sentences, every one of them translated.`);
