// What every bench stands on: contenders measured in turns (A B C A B C …), so that a noisy machine is noisy for all of
// them alike; medians; a Markdown table with the machine's facts beside it.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { median } from '../engine/cli/benchTiming';
import { cacheFolder } from '../engine/cli/modelOptions';

export const ROOT = path.resolve(__dirname, '..');
export const STARTER = path.join(ROOT, 'models', 'starter');

/** Milliseconds of one measured piece of work; `cpu` is that of all threads. */
export interface Sample {
  readonly wall: number;
  readonly cpu: number;
}

export interface Contender {
  readonly name: string;
  run(): Promise<Sample>;
}

/** Wall and CPU time (user and system, all threads of this process) of `work`. */
export async function timed(work: () => Promise<unknown>): Promise<Sample> {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  await work();
  const spent = process.cpuUsage(cpu);
  return { wall: performance.now() - wall, cpu: (spent.user + spent.system) / 1000 };
}

/** Runs every contender once without counting it, then `rounds` times in turn. Samples by the contender's name. */
export async function inTurns(
  contenders: readonly Contender[],
  rounds: number,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const contender of contenders) {
      const sample = await contender.run();
      if (round >= 0) samples.get(contender.name)?.push(sample);
    }
    if (rounds > 0) progress(round < 0 ? 'warmed up' : `round ${round + 1} of ${rounds}`);
  }
  return samples;
}

export { median };

/** Value below which the fraction `part` (0…1) of the values lies, by nearest rank. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

export function medianCpu(samples: readonly Sample[] | undefined): number {
  return median((samples ?? []).map((sample) => sample.cpu));
}

export function medianWall(samples: readonly Sample[] | undefined): number {
  return median((samples ?? []).map((sample) => sample.wall));
}

/** Median of the ratios round by round: what the machine did in a round it did to both. */
export function medianRatio(
  of: readonly Sample[] | undefined,
  to: readonly Sample[] | undefined,
  part: keyof Sample = 'cpu',
): number {
  return median(
    (of ?? []).flatMap((sample, round) => {
      const base = to?.[round];
      return base ? [sample[part] / base[part]] : [];
    }),
  );
}

/** Three significant digits, and none behind the point from 100 on. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function ratio(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : '–';
}

export function mebibytes(bytes: number): string {
  return figure(bytes / 2 ** 20);
}

/** `align`: of all columns but the first. */
export function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  align: 'left' | 'right' = 'right',
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = header.map((_, index) => (index === 0 || align === 'left' ? '---' : '---:'));
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}

/** Folder outside the repository for what a bench makes or installs: models with random weights, other runtimes. */
export function benchFolder(...parts: string[]): string {
  const folder = path.join(cacheFolder(process.env), 'bench', ...parts);
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Versions and processor, nothing that names the machine. */
function machineFacts(): string[] {
  const [cpu] = os.cpus();
  const gigabytes = Math.round(os.totalmem() / 2 ** 30);
  return [
    `${cpu?.model ?? 'unknown processor'}, ${os.cpus().length} cores, ${gigabytes} GB (${process.platform} ${process.arch}${cpuFeatures()})`,
    `Node ${process.versions.node}, onnxruntime-node ${packageVersion('onnxruntime-node')}`,
  ];
}

function packageVersion(name: string): string {
  const manifest = path.join(ROOT, 'node_modules', name, 'package.json');
  return (JSON.parse(fs.readFileSync(manifest, 'utf8')) as { version: string }).version;
}

/** Instructions that decide how fast integers and 16-bit floats multiply. */
function cpuFeatures(): string {
  try {
    const flags = new Set(/^flags\s*:(.*)$/m.exec(fs.readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' '));
    const known = ['avx2', 'avx512f', 'avx512_vnni', 'avx_vnni', 'avx512_bf16', 'amx_int8', 'amx_bf16'];
    const found = known.filter((flag) => flags.has(flag));
    return found.length > 0 ? `, ${found.join(' ')}` : '';
  } catch {
    return '';
  }
}

/** Of the sources. */
export function revision(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

export interface Report {
  /** File name in bench/results, without its ending, and the bench's name in the command. */
  readonly name: string;
  /** Folder or .gguf file of the model; any but the starter adds its name to the file's, so that no table replaces another model's. */
  readonly model?: string;
  readonly title: string;
  /** Facts beside the machine's own: versions of what was compared to, threads. */
  readonly facts?: readonly string[];
  /** Markdown: paragraphs and tables. */
  readonly sections: readonly string[];
}

/** Prints the report and writes it to bench/results; places on this machine stand there as DIR. */
export function publish({ name, model = STARTER, title, facts = [], sections }: Report): void {
  const given = process.argv.slice(2).map((word) => (path.isAbsolute(word) ? 'DIR' : word));
  const command = ['npm run bench --', path.parse(process.argv[1] ?? name).name, ...given];
  const text = [
    `# ${title}`,
    `Written by \`${command.join(' ')}\` at ${revision()}.`,
    [...machineFacts(), ...facts].map((fact) => `- ${fact}`).join('\n'),
    ...sections,
  ].join('\n\n');
  const own = path.resolve(model) === STARTER ? name : `${name}-${path.basename(model, '.gguf')}`;
  const file = path.join(ROOT, 'bench', 'results', `${own}.md`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(`${file}.partial`, `${text}\n`);
  fs.renameSync(`${file}.partial`, file);
  console.log(text);
}

/** Runs a bench's main function as a command: errors are one line and exit code 1. */
export function runBench(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? (process.env['DEBUG'] ? error.stack : error.message) : error);
    process.exitCode = 1;
  });
}
