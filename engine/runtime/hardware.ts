// What this machine has for a GPU, as its drivers' own tools and files say: ONNX Runtime itself tells neither the memory of a device
// nor why there is none.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { availableMemory } from './availableMemory';

export type GpuVendor = 'nvidia' | 'amd' | 'intel' | 'apple';

export interface GpuMemory {
  /** For people; absent where only the vendor is known. */
  readonly name?: string;
  /** Bytes. */
  readonly total: number;
  /** Bytes that nobody uses now. */
  readonly free: number;
  /** Whether it is the machine's main memory. */
  readonly isShared: boolean;
}

/** What the rest of this file asks of the system, so that tests can be another machine. */
export interface HardwareSources {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Output of a program of the GPU's driver; undefined where it is not there, or fails. */
  readonly driverTool: (name: string, args: readonly string[]) => string | undefined;
  /** Content of a file; undefined where it cannot be read. */
  readonly read: (file: string) => string | undefined;
  /** Names in a folder; none where it cannot be read. */
  readonly list: (folder: string) => readonly string[];
  /** Bytes of main memory that may still be taken. */
  readonly mainMemory: () => number;
}

/** Milliseconds: the tool of a driver that hangs must not stop a model from loading. */
const TOOL_MILLIS = 5000;
const VENDORS: Readonly<Record<string, GpuVendor>> = {
  '0x10de': 'nvidia',
  '0x1002': 'amd',
  '0x8086': 'intel',
};
const DRM = '/sys/class/drm';
const LOADER = 'libvulkan.so.1';
const LIBRARY_FOLDERS = [
  ...['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/lib/x86_64-linux-gnu', '/usr/lib64'],
  ...['/usr/lib', '/lib64', '/usr/local/lib', '/run/opengl-driver/lib'],
];
const MANIFEST_FOLDERS = [
  ...['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'],
  '/run/opengl-driver/share/vulkan/icd.d',
];

export const thisMachine: HardwareSources = {
  platform: process.platform,
  arch: process.arch,
  env: process.env,
  driverTool: (name, args) => {
    const file = findTool(name);
    if (file === undefined) return undefined;
    const { status, stdout } = spawnSync(file, args, {
      encoding: 'utf8',
      timeout: TOOL_MILLIS,
      windowsHide: true,
      shell: false,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return status === 0 ? stdout : undefined;
  },
  read: (file) => {
    try {
      return fs.readFileSync(file, 'utf8');
    } catch {
      return undefined;
    }
  },
  list: (folder) => {
    try {
      return fs.readdirSync(folder);
    } catch {
      return [];
    }
  },
  mainMemory: availableMemory,
};

/** By its full path: a bare name would be looked for in the current folder on Windows, which may be a workspace. */
function findTool(name: string): string | undefined {
  const folders =
    process.platform === 'win32'
      ? [path.win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32')]
      : (process.env['PATH'] ?? '').split(':').filter((folder) => path.isAbsolute(folder));
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  return folders.map((folder) => path.join(folder, file)).find((candidate) => fs.existsSync(candidate));
}

/** Vendors of the GPUs that the system shows; none where it does not say (Windows, for all but NVIDIA's). */
export function gpuVendors(sources: HardwareSources = thisMachine): readonly GpuVendor[] {
  if (sources.platform === 'darwin') return sources.arch === 'arm64' ? ['apple'] : [];
  const found = new Set<GpuVendor>();
  for (const card of cards(sources)) {
    const vendor = VENDORS[(sources.read(`${card}/vendor`) ?? '').trim()];
    if (vendor) found.add(vendor);
  }
  // In containers and on Windows only NVIDIA's own tool tells.
  if (!found.has('nvidia') && nvidia(sources) !== undefined) found.add('nvidia');
  return [...found];
}

/**
 * Memory of the GPU that a model would run on: NVIDIA's first, then AMD's, as the runtime prefers separate GPUs; else main
 * memory, which integrated and software devices share. Undefined where nothing says it.
 */
export function gpuMemory(sources: HardwareSources = thisMachine): GpuMemory | undefined {
  return nvidia(sources) ?? amd(sources) ?? shared(sources);
}

function nvidia({ driverTool }: HardwareSources): GpuMemory | undefined {
  const query = ['--query-gpu=memory.total,memory.free,name', '--format=csv,noheader,nounits'];
  const line = driverTool('nvidia-smi', query)?.trim().split('\n')[0];
  const [, total, free, name] = /^\s*(\d+)\s*,\s*(\d+)\s*,\s*(.+?)\s*$/.exec(line ?? '') ?? [];
  if (name === undefined) return undefined;
  return { name, total: Number(total) * 2 ** 20, free: Number(free) * 2 ** 20, isShared: false };
}

/** The largest of AMD's own memories; an integrated one has little, and takes the rest from main memory. */
function amd(sources: HardwareSources): GpuMemory | undefined {
  const memories = cards(sources).flatMap((card) => {
    const bytes = (name: string) => Number.parseInt(sources.read(`${card}/${name}`) ?? '', 10);
    const [total, used] = [bytes('mem_info_vram_total'), bytes('mem_info_vram_used')];
    return total >= INTEGRATED_BELOW && used >= 0
      ? [{ total, free: Math.max(0, total - used), isShared: false }]
      : [];
  });
  return memories.sort((a, b) => b.total - a.total)[0];
}

/** Bytes: an AMD device with less of its own is an integrated one. */
const INTEGRATED_BELOW = 2 ** 31;

function shared(sources: HardwareSources): GpuMemory | undefined {
  // On Windows a separate GPU of AMD or Intel would be taken for an integrated one.
  if (sources.platform === 'win32') return undefined;
  const free = sources.mainMemory();
  return { total: free, free, isShared: true };
}

function cards({ list }: HardwareSources): string[] {
  return list(DRM)
    .filter((name) => /^card\d+$/.test(name))
    .sort()
    .map((name) => `${DRM}/${name}/device`);
}

/** Whether anything says that a GPU may be here: on Linux its driver makes a file, and without one only software would answer. */
export function mayHaveGpu(sources: Pick<HardwareSources, 'platform' | 'list'> = thisMachine): boolean {
  if (sources.platform !== 'linux') return true;
  const isDevice = (name: string) => /^(nvidia\d+|nvidiactl|dxg|kfd)$/.test(name);
  // NVIDIA's files in /dev are made when they are first needed.
  const hasNvidia = sources.list('/proc/driver/nvidia/gpus').length > 0;
  const hasCards = sources.list('/dev/dri').some((name) => name !== 'by-path');
  return hasNvidia || hasCards || sources.list('/dev').some(isDevice);
}

/** Why Linux may show no WebGPU device: what it needs is not installed. Undefined where that is all there. */
export function missingVulkan(
  sources: Pick<HardwareSources, 'platform' | 'env' | 'list' | 'read'> = thisMachine,
): 'loader' | 'driver' | undefined {
  if (sources.platform !== 'linux') return undefined;
  const has = (folders: readonly string[], wanted: (name: string) => boolean) =>
    folders.some((folder) => sources.list(folder).some(wanted));
  const own = (sources.env['LD_LIBRARY_PATH'] ?? '').split(':');
  if (!has([...own, ...LIBRARY_FOLDERS], (name) => name === LOADER)) return 'loader';
  const named = sources.env['VK_DRIVER_FILES'] ?? sources.env['VK_ICD_FILENAMES'];
  const isThere =
    named === undefined
      ? has(MANIFEST_FOLDERS, (name) => name.endsWith('.json'))
      : named.split(':').some((file) => sources.read(file) !== undefined);
  return isThere ? undefined : 'driver';
}
