// `palimpsest devices`: which execution providers this machine has, what probing them said, and which one is taken.

import path from 'node:path';
import type { MachineReport } from '../runtime/devices';
import type { DeviceReport } from '../runtime/providers';
import type { Command, CommandContext } from './context';
import { LiveView } from './liveView';
import { cacheFolder } from './modelOptions';
import type { CommandSpec, ParsedArguments } from './options';
import { canAnimate, type Paint, paintFor } from './style';
import { table } from './table';
import { megabytes } from './units';

const spec: CommandSpec = {
  name: 'devices',
  summary:
    'Test the execution providers of this machine, show which one is used and why, and what to do next.',
  operands: [],
  options: {
    cuda: {
      value: 'FILE',
      help: 'first add CUDA (Linux x64) from the Python package onnxruntime-gpu, a .whl file (docs/gpu.md)',
    },
    json: { help: 'print a single JSON object' },
  },
};

function verdict(device: DeviceReport): string {
  if (device.chosen) return 'used';
  return device.usable ? 'works' : 'not here';
}

function deviceLines(devices: readonly DeviceReport[], paint: Paint): string[] {
  const rows = devices.map((device) => [
    device.provider,
    verdict(device),
    device.gain === undefined
      ? '–'
      : `${device.gain >= 1 ? device.gain.toFixed(1) : device.gain.toPrecision(1)} ×`,
    device.usable ? device.attention : '–',
    device.reason,
  ]);
  const [heading = '', ...lines] = table(
    [['provider', 'verdict', 'speed', 'attention', 'why'], ...rows],
    ['left', 'left', 'right', 'left', 'left'],
  );
  return [
    paint('heading', heading),
    ...lines.map((line, index) => (devices[index]?.chosen ? paint('good', line) : line)),
  ];
}

function machineLines({ devices, memory, advice }: MachineReport, paint: Paint): string[] {
  const free = memory && `${megabytes(memory.free)} of ${megabytes(memory.total)} are free`;
  return [
    ...deviceLines(devices, paint),
    '',
    ...(memory && !memory.isShared ? [`GPU memory: ${free}${memory.name ? ` (${memory.name})` : ''}.`] : []),
    ...advice,
    'docs/gpu.md in the repository says more.',
  ];
}

async function run(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const json = parsed.has('json');
  const view =
    !json && canAnimate(context.stderr, context.env)
      ? new LiveView(context.stderr, context.clock)
      : undefined;
  let machine: MachineReport;
  const cuda = parsed.text('cuda');
  try {
    if (cuda !== undefined) {
      view?.show(() => ['adding CUDA …']);
      await context.engine.addCuda(path.resolve(context.folder, cuda), cacheFolder(context.env));
    }
    view?.show(() => ['testing the execution providers …']);
    machine = await context.engine.describeMachine(cacheFolder(context.env));
  } finally {
    view?.clear();
  }
  context.stdout.write(
    json
      ? `${JSON.stringify(machine)}\n`
      : `${machineLines(machine, paintFor(context.stdout, context.env)).join('\n')}\n`,
  );
  return 0;
}

export const devicesCommand: Command = { spec, run };
