// Which CUDA libraries the CUDA provider among the pieces wants, and where this machine's Python environment has them: PyTorch and
// NVIDIA's packages bring them as they are.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { DRIVER, wantedByCuda } from '../../engine/runtime/cudaProvider';
import { ROOT } from '../harness';

export interface CudaLibraries {
  /** Folders for the search path of libraries. */
  readonly folders: readonly string[];
  /** What was found, in a line. */
  readonly text: string;
}

const RUNTIME = path.join(ROOT, 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64');
const SYSTEM_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/local/cuda/lib64', '/usr/lib64'];
/** Where packages are installed, as this machine's Python says. */
const SITES = 'import site, sys; print("\\n".join({*site.getsitepackages(), *sys.path}))';

export function cudaFolders(
  runtime = RUNTIME,
  sites: readonly string[] = pythonSites(),
  wantedBy: (runtime: string) => readonly string[] | undefined = wantedByCuda,
): CudaLibraries {
  const needed = wantedBy(runtime)?.filter((name) => name !== DRIVER);
  if (needed === undefined)
    return { folders: [], text: "CUDA: the provider's library is not among the pieces." };
  const places = [...SYSTEM_FOLDERS, ...sites.flatMap(libraryFolders)];
  const folders = new Set<string>();
  const missing: string[] = [];
  for (const name of needed) {
    const place = places.find((folder) => fs.existsSync(path.join(folder, name)));
    if (place === undefined) missing.push(name);
    else folders.add(place);
  }
  const wants = `CUDA: the provider wants ${needed.join(', ')}`;
  return {
    folders: [...folders],
    text:
      missing.length === 0
        ? `${wants}; all were found.`
        : `${wants}; not found: ${missing.join(', ')}. They come with PyTorch for that CUDA, or with NVIDIA's Python packages.`,
  };
}

function pythonSites(): string[] {
  const python = process.env['PALIMPSEST_PYTHON'] ?? 'python3';
  const { status, stdout } = spawnSync(python, ['-c', SITES], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n').filter((line) => path.isAbsolute(line)) : [];
}

/** `nvidia/…/lib` and `torch/lib` of one folder of packages. */
function libraryFolders(site: string): string[] {
  const nvidia = path.join(site, 'nvidia');
  const parts = fs.existsSync(nvidia) ? fs.readdirSync(nvidia).sort() : [];
  return [...parts.map((part) => path.join(nvidia, part, 'lib')), path.join(site, 'torch', 'lib')];
}
