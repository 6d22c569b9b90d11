// The CUDA provider on Linux: its own libraries come from ONNX Runtime's Python package, beside the runtime's own; what they are linked
// against comes from NVIDIA. The runtime only says that something is missing.
import fs from 'node:fs';
import path from 'node:path';
import { neededLibraries } from './elf';
import { type HardwareSources, thisMachine } from './hardware';
import { runtimeFolder } from './runtimePackage';

/** As the package has them, and as the runtime looks for them. */
export const CUDA_PROVIDER = [
  'libonnxruntime_providers_cuda.so',
  'libonnxruntime_providers_shared.so',
] as const;
/** Loaded when it is first used, so that no file lists it; its version is that of the package's requirements. */
const CUDNN = 'libcudnn.so.9';
/** Comes with the driver. */
export const DRIVER = 'libcuda.so.1';
const CONFIGURATION = '/etc/ld.so.conf.d';
const STANDARD = [
  '/usr/lib/x86_64-linux-gnu',
  '/lib/x86_64-linux-gnu',
  '/usr/lib64',
  '/lib64',
  '/usr/lib',
  '/lib',
];

/** Of NVIDIA's libraries, all that the provider in `folder` wants; undefined where there is no provider. */
export function wantedByCuda(folder: string): readonly string[] | undefined {
  const provider = path.join(folder, CUDA_PROVIDER[0]);
  if (!fs.existsSync(provider)) return undefined;
  const linked = neededLibraries(provider).filter((name) => name.startsWith('libcu'));
  return [...linked.sort(), CUDNN];
}

/** Those of `wanted` that the loader would not find. */
export function missingLibraries(
  wanted: readonly string[],
  { env, list, read }: Pick<HardwareSources, 'env' | 'list' | 'read'> = thisMachine,
): readonly string[] {
  const configured = list(CONFIGURATION).flatMap((file) =>
    (read(`${CONFIGURATION}/${file}`) ?? '').split('\n'),
  );
  const places = [...(env['LD_LIBRARY_PATH'] ?? '').split(':'), ...configured, ...STANDARD];
  const found = new Set(
    places.filter((place) => place.startsWith('/')).flatMap((place) => list(place.trim())),
  );
  return wanted.filter((name) => !found.has(name));
}

/** A sentence on what the loader would not find: the driver first, without which the rest is of no use. */
export function whyMissing(missing: readonly string[]): string {
  if (missing.includes(DRIVER)) return 'no driver for an NVIDIA GPU is installed.';
  if (missing.length === 0) return 'its libraries do not load.';
  return `it needs libraries of CUDA and cuDNN that are not installed: ${missing.join(', ')}.`;
}

/** Its own libraries are not there. */
export const NOT_ADDED = 'its libraries are not installed.';

/** Why the CUDA provider does not load, in a sentence. */
export function whyNoCuda(): string {
  if (process.platform !== 'linux') return NOT_ADDED;
  try {
    const wanted = wantedByCuda(runtimeFolder());
    if (wanted === undefined) return NOT_ADDED;
    return whyMissing(missingLibraries(wanted));
  } catch {
    // What is there is no library.
  }
  return 'its libraries do not load.';
}
