// Programs as they are shipped, one minified file each, for benches that time a process and not its sources.
import path from 'node:path';
import esbuild, { type BuildOptions } from 'esbuild';
import { ROOT } from '../harness';

const { common }: { common: BuildOptions } = require('../../esbuild.js');

/** Inside node_modules, so that the bundles find the native runtime. */
const BUNDLES = path.join(ROOT, 'node_modules', '.cache', 'palimpsest-bench');

/** The engine's process. */
export const ENGINE_MAIN = path.join(ROOT, 'engine', 'process', 'main.ts');

/** Where the bundle of a source lies. */
export function bundleOf(source: string): string {
  return path.join(BUNDLES, `${path.parse(source).name}.js`);
}

/** Bundles programs of different names. */
export async function bundle(...sources: readonly string[]): Promise<void> {
  await esbuild.build({
    entryPoints: [...sources],
    outdir: BUNDLES,
    entryNames: '[name]',
    ...common,
    minify: true,
    external: ['onnxruntime-node', 'tokenizers'],
    logLevel: 'error',
  });
}
