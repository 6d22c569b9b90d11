// Proving an execution provider in a process of its own: a broken driver may hang or abort it, and only it.
// Answers are remembered on disk, so that a start costs nothing once a machine is known.
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureFolder } from '../folder';
import { readNoteSync } from '../note';
import type { ProviderChoice, ProviderName } from '../protocol';
import { mayHaveGpu, missingVulkan, thisMachine } from './hardware';
import { runtimeVersion } from './runtimePackage';

export interface ProbeResult {
  readonly provider: ProviderName;
  /** Whether plain attention gives the CPU's numbers on random data. */
  readonly ok: boolean;
  /** Whether fused attention does, too. */
  readonly fusedAgrees: boolean;
  /** Whether 16-bit weights give numbers near the CPU's; absent where that was not tried. */
  readonly halves?: boolean;
  /** CPU time of the same work divided by this provider's; absent where it did not run. */
  readonly gain?: number;
  /** Whether it says more of the moment than of the machine: no answer in time. */
  readonly isPassing?: boolean;
  /** A sentence for the person. */
  readonly reason: string;
}

/** Goes up when the probe finds out something more: older answers lack it. */
const PROBE_VERSION = 2;
/** Says the version of NVIDIA's driver, where that is loaded. */
const NVIDIA_DRIVER = '/proc/driver/nvidia/version';
const HANG_MILLIS = 30_000;
const HOUR_MILLIS = 3600 * 1000;
const DAY_MILLIS = 24 * HOUR_MILLIS;

/** Probes in a child process: `command` runs `probeMain` with the provider's name as its last argument. */
export function probeInChild(
  provider: ProviderName,
  command: { readonly file: string; readonly args: readonly string[] } = probeCommand(),
  hangMillis: number = HANG_MILLIS,
): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const fail = (reason: string) => resolve({ provider, ok: false, fusedAgrees: false, reason });
    const child = spawn(command.file, [...command.args, provider], {
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
      // What a driver compiles for a probe is of no use to anybody else: Mesa would keep it under the person's own cache folder.
      env: { ...process.env, MESA_SHADER_CACHE_DISABLE: 'true' },
    });
    let out = '';
    let errors = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      const reason = `it did not answer within ${hangMillis / 1000} s.`;
      resolve({ provider, ok: false, fusedAgrees: false, isPassing: true, reason });
    }, hangMillis);
    child.stdout.on('data', (data) => {
      out += data;
    });
    child.stderr.on('data', (data) => {
      errors = (errors + data).slice(-2000);
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      fail(`the probe could not be started (${error.message}).`);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const result = parseResult(out, provider);
      if (result) resolve(result);
      else fail(`it crashed the probe (${signal ?? `exit code ${code}`}). ${lastLine(errors)}`.trim());
    });
  });
}

/** The probe behind a memory on disk: successes are kept for a week, failures for a day, those that may be of a busy moment for an hour. */
export async function rememberedProbe(
  provider: ProviderName,
  cacheFolder: string,
  probe: (provider: ProviderName) => Promise<ProbeResult> = probeInChild,
  now: number = Date.now(),
): Promise<ProbeResult> {
  const file = memoryFile(provider, cacheFolder);
  const known = readMemory(file, provider, now);
  if (known) return known;
  const result = await probe(provider);
  try {
    await ensureFolder(cacheFolder);
    replaceFile(file, JSON.stringify({ at: now, result }));
  } catch {
    // A memory that cannot be written costs a probe at the next start, nothing else.
  }
  return result;
}

/**
 * The probe that a choice of provider asks for. `auto` skips a software device at once: it computes rightly, which takes a quarter of a
 * minute to find out, and is never taken. A provider that is named is always probed.
 */
export function probeFor(
  choice: ProviderChoice,
  cacheFolder: string,
  mayBeThere: () => boolean = mayHaveGpu,
  probe?: (provider: ProviderName) => Promise<ProbeResult>,
): (provider: ProviderName) => Promise<ProbeResult> {
  const isWorthwhile = choice !== 'auto' || mayBeThere();
  return async (provider) =>
    isWorthwhile
      ? rememberedProbe(provider, cacheFolder, probe)
      : { provider, ok: false, fusedAgrees: false, reason: 'no driver shows a GPU here.' };
}

/** Asks the device whatever is remembered, for a person who has just changed something; the answer is remembered. */
export function freshProbe(
  provider: ProviderName,
  cacheFolder: string,
  probe?: (provider: ProviderName) => Promise<ProbeResult>,
): Promise<ProbeResult> {
  forgetProbe(provider, cacheFolder);
  return rememberedProbe(provider, cacheFolder, probe);
}

/** The next start asks the device again: it answered otherwise than the probe had said. */
export function forgetProbe(provider: ProviderName, cacheFolder: string): void {
  fs.rmSync(memoryFile(provider, cacheFolder), { force: true });
}

function memoryFile(provider: ProviderName, cacheFolder: string): string {
  return path.join(cacheFolder, `probe-${provider}-${machineKey()}.json`);
}

/** Whole or not at all, on a full disk too. */
function replaceFile(file: string, text: string): void {
  const part = `${file}.${process.pid}.part`;
  try {
    fs.writeFileSync(part, text);
    fs.renameSync(part, file);
  } finally {
    fs.rmSync(part, { force: true });
  }
}

/** The built probe beside the bundle, or the source under a TypeScript loader. */
function probeCommand(): { file: string; args: string[] } {
  const built = path.join(__dirname, 'probe.js');
  if (fs.existsSync(built)) return { file: process.execPath, args: [built] };
  return { file: process.execPath, args: [...process.execArgv, path.join(__dirname, 'probeMain.ts')] };
}

/** Changes with everything that can change the answer. */
function machineKey(): string {
  const facts = [
    process.arch,
    process.platform,
    os.release(),
    os.cpus()[0]?.model,
    runtimeVersion(),
    process.env['LD_LIBRARY_PATH'],
    // A driver or a loader that is installed shall not wait until the answer without it is old.
    missingVulkan(),
    thisMachine.read(NVIDIA_DRIVER),
    process.env['VK_ICD_FILENAMES'],
    process.env['VK_DRIVER_FILES'],
    PROBE_VERSION,
  ];
  return crypto.createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 12);
}

function readMemory(file: string, provider: ProviderName, now: number): ProbeResult | undefined {
  try {
    const memory = JSON.parse(readNoteSync(file)) as { at?: unknown; result?: unknown };
    const result = parseResult(JSON.stringify(memory.result), provider);
    if (!result || typeof memory.at !== 'number') return undefined;
    return now - memory.at < keptMillis(result) && memory.at <= now ? result : undefined;
  } catch {
    return undefined;
  }
}

function keptMillis({ ok, isPassing }: ProbeResult): number {
  if (isPassing) return HOUR_MILLIS;
  return (ok ? 7 : 1) * DAY_MILLIS;
}

function parseResult(text: string, provider: ProviderName): ProbeResult | undefined {
  try {
    const line = text.trim().split('\n').at(-1) ?? '';
    const value = JSON.parse(line) as Partial<ProbeResult> | null;
    if (value?.provider !== provider || typeof value.ok !== 'boolean' || typeof value.reason !== 'string')
      return undefined;
    return {
      provider,
      ok: value.ok,
      fusedAgrees: value.fusedAgrees === true,
      reason: value.reason,
      ...(value.isPassing === true ? { isPassing: true } : {}),
      ...(typeof value.halves === 'boolean' ? { halves: value.halves } : {}),
      ...(typeof value.gain === 'number' ? { gain: value.gain } : {}),
    };
  } catch {
    return undefined;
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}
