// What the machine has, and why each provider is or is not taken.
import { describeMachine } from '../../../engine/runtime/devices';
import { missingVulkan, thisMachine } from '../../../engine/runtime/hardware';
import { forgetProbe } from '../../../engine/runtime/probe';
import { providerPlan, SMALLEST_GAIN } from '../../../engine/runtime/providers';
import { benchFolder, figure } from '../../harness';
import { patientProbe } from '../../runtime/gpuSpeed';
import type { Part } from '../part';

export const devicesPart: Part = {
  name: 'devices',
  title: 'devices, and why each provider is or is not taken',
  limit: 180,
  async run({ report }) {
    // Asked now: what was remembered may be of a machine that was busy, or of another driver.
    for (const provider of providerPlan(process.platform, process.arch))
      forgetProbe(provider, benchFolder('side'));
    const { devices, memory, advice } = await describeMachine(patientProbe);
    report.table(
      'Providers',
      ['provider', 'usable', 'taken by `auto`', 'attention', '16-bit weights', 'times the CPU', 'why'],
      devices.map(({ provider, usable, chosen, attention, halves, gain, reason }) => [
        provider,
        usable ? 'yes' : 'no',
        chosen ? 'yes' : 'no',
        usable ? attention : '–',
        halves === undefined ? '–' : halves ? 'yes' : 'no',
        gain === undefined ? '–' : figure(gain),
        reason,
      ]),
    );
    report.check(
      'every provider has a reason, and one is taken',
      devices.every(({ reason }) => reason.length > 0) && devices.filter(({ chosen }) => chosen).length === 1,
      devices.map(({ provider, reason }) => `${provider}: ${reason}`).join(' '),
    );
    const gpus = devices.filter(({ provider, usable }) => usable && provider !== 'cpu');
    const isFast = gpus.some(({ gain = 0 }) => gain >= SMALLEST_GAIN);
    report.check(
      'a GPU can be used, or a software device that stands in for one',
      gpus.length > 0,
      gpus.length === 0
        ? 'There is none, so the other parts have nothing to run on.'
        : gpus
            .map(({ provider, gain = 0 }) => `${provider} has ${figure(gain)} times the speed of the CPU.`)
            .join(' '),
    );
    if (gpus.length === 0) report.next(`No GPU can be used. ${advice.join(' ')}`);
    else if (!isFast)
      report.next(
        'No device here is faster than the CPU, so it is probably a software device: this run shows that the engine computes correctly, and says nothing about the speed of GPUs. Run it on a machine with a GPU.',
      );
    if (devices.some(({ provider, usable }) => provider === 'cuda' && !usable) && isFast)
      report.next(
        'CUDA was not measured: the table of providers says why. `npm run offline -- OUT --cuda` adds its provider to the pieces.',
      );
    report.check('`palimpsest devices` says the next step', advice.length > 0, advice.join(' '));
    const missing = missingVulkan(thisMachine);
    report.note(missing === undefined ? 'Vulkan: loader and driver are there.' : `Vulkan: no ${missing}.`);
    if (memory !== undefined) {
      const kind = memory.isShared ? 'main memory' : (memory.name ?? 'GPU');
      report.note(
        `GPU memory (${kind}): ${Math.round(memory.free / 2 ** 20)} of ${Math.round(memory.total / 2 ** 20)} MiB free.`,
      );
    }
  },
};
