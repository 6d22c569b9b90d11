// The facts of a machine that the results need to be read with; nothing that names it.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gpuVendors, thisMachine } from '../../engine/runtime/hardware';
import type { CudaLibraries } from './cudaLibraries';
import type { RunResult } from './results';

export function machineFacts(
  root: string,
  cuda: CudaLibraries,
): Pick<RunResult, 'version' | 'revision' | 'machine'> {
  const { version, revision } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
    readonly revision: string;
  };
  const gigabytes = Math.round(os.totalmem() / 2 ** 30);
  const driver = firstLine('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader']);
  return {
    version,
    revision,
    machine: [
      `${os.cpus()[0]?.model ?? 'unknown processor'}, ${os.cpus().length} cores, ${gigabytes} GB`,
      `${firstLine('uname', ['-sr']) ?? 'unknown kernel'}, ${firstLine('getconf', ['GNU_LIBC_VERSION']) ?? 'unknown libc'}, Node ${process.versions.node}`,
      `GPUs that the system shows: ${gpuVendors(thisMachine).join(', ') || 'none'}${driver === undefined ? '' : ` (${driver})`}`,
      cuda.text,
    ],
  };
}

function firstLine(command: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim().split('\n')[0] : undefined;
}
