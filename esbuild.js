// Ten bundles: the extension's activation, the rest of it (read on first use), suspicious tokens (with the first look for them), the engine process, its
// provider probe, what renders a chat template, the rules for secrets (read with the first text), the matcher of ignore files (where git is not asked),
// the readers of what has no grammar (with the first such text), and the `palimpsest` command.
// Native and large packages stay outside and are resolved from node_modules at run time. The syntax parser and its
// grammars are WebAssembly files that are read when they are needed: they lie beside the bundles.
const esbuild = require('esbuild');
const fs = require('node:fs');
const path = require('node:path');

const watch = process.argv.includes('--watch');
const production = process.argv.includes('--production');
/** `--out DIR`: elsewhere than in dist, which tests and the editor may be using. */
const out = process.argv.includes('--out') ? process.argv[process.argv.indexOf('--out') + 1] : 'dist';

/** Packages that three programs share, each a bundle of its own, read when it is first needed: 60 kB and 8 kB. */
const PACKAGES = {
  secretRules: '@secretlint/secretlint-rule-preset-recommend',
  ignoreRules: 'ignore',
};

/** What is imported while a program runs stays an import of a bundle beside it: what is not used is not even parsed. */
const onFirstUse = {
  name: 'on-first-use',
  setup(build) {
    const beside = new Map([
      ['./palimpsest', './palimpsest.js'],
      ['./suspicions', './suspicions.js'],
      ...Object.entries(PACKAGES).map(([name, wanted]) => [wanted, `./${name}.js`]),
    ]);
    build.onResolve(
      { filter: /^(\.\/(palimpsest|suspicions)|@secretlint\/.*|ignore)$/ },
      ({ kind, path: wanted }) =>
        kind === 'dynamic-import' && beside.has(wanted)
          ? { path: beside.get(wanted), external: true }
          : undefined,
    );
  },
};

const entries = {
  extension: { entry: 'extension/extension.ts', external: ['vscode'] },
  palimpsest: { entry: 'extension/palimpsest.ts', external: ['vscode'] },
  suspicions: { entry: 'extension/suspicion/suspicions.ts', external: ['vscode'] },
  engine: { entry: 'engine/process/main.ts', external: ['onnxruntime-node'] },
  probe: { entry: 'engine/runtime/probeMain.ts', external: ['onnxruntime-node'] },
  template: { entry: 'engine/checkpoint/templateMain.ts', external: [] },
  secretRules: { entry: PACKAGES.secretRules, external: [] },
  ignoreRules: { entry: PACKAGES.ignoreRules, external: [] },
  readers: { entry: 'engine/syntax/readers.ts', external: [] },
  cli: { entry: 'engine/cli/main.ts', external: ['onnxruntime-node'], banner: '#!/usr/bin/env node' },
};

/** `ini` and `regex` are there for VS Code's own use. */
const UNUSED_GRAMMARS = /tree-sitter-(ini|regex)\.wasm$/;

function copyParser(into) {
  const from = path.join(path.dirname(require.resolve('@vscode/tree-sitter-wasm/package.json')), 'wasm');
  fs.cpSync(from, path.join(into, 'tree-sitter'), {
    recursive: true,
    filter: (file) => !file.endsWith('.d.ts') && !UNUSED_GRAMMARS.test(file),
  });
  fs.copyFileSync(path.join(from, '..', 'LICENSE'), path.join(into, 'tree-sitter', 'LICENSE'));
}

/** What the walkthrough lets a newcomer try a rewrite on. */
function copySample(into) {
  fs.copyFileSync('docs/samples/rateLimiter.ts', path.join(into, 'sample.txt'));
}

/** How every program of ours is bundled, those of tests and benches too. */
const common = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // Quotation marks and dots of what is said to people: escaped, they are twice as long.
  charset: 'utf8',
  // Its CommonJS form asks for its own files in a way that no bundler can follow.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
};

/** esbuild's options for one bundle. */
function optionsOf(name, minify, into = out) {
  const { entry, external, banner } = entries[name];
  return {
    // A package is found by its name.
    entryPoints: [Object.hasOwn(PACKAGES, name) ? entry : path.join(__dirname, entry)],
    absWorkingDir: __dirname,
    outfile: path.resolve(into, `${name}.js`),
    ...common,
    external,
    plugins: [onFirstUse],
    minify,
    sourcemap: !minify,
    logLevel: 'warning',
    ...(banner ? { banner: { js: banner } } : {}),
  };
}

/** An editor that runs what stands in `out` finds all of it at any time: the old build, and then the new one. */
function replaceOut(built) {
  const old = `${built}-old`;
  if (fs.existsSync(out)) fs.renameSync(out, old);
  fs.chmodSync(built, 0o755);
  fs.renameSync(built, out);
  fs.rmSync(old, { recursive: true, force: true });
}

async function main() {
  fs.mkdirSync(path.dirname(path.resolve(out)), { recursive: true });
  const into = watch ? out : fs.mkdtempSync(`${path.resolve(out)}-`);
  if (watch) fs.rmSync(out, { recursive: true, force: true });
  try {
    copyParser(into);
    copySample(into);
    const contexts = await Promise.all(
      Object.keys(entries).map((name) => esbuild.context(optionsOf(name, production, into))),
    );
    if (watch) {
      await Promise.all(contexts.map((context) => context.watch()));
      return;
    }
    await Promise.all(contexts.map((context) => context.rebuild()));
    await Promise.all(contexts.map((context) => context.dispose()));
    fs.chmodSync(path.join(into, 'cli.js'), 0o755);
    replaceOut(into);
  } finally {
    if (!watch) fs.rmSync(into, { recursive: true, force: true });
  }
}

module.exports = { common, optionsOf };

if (require.main === module) {
  main().catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
}
