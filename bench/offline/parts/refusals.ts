// What cannot work, and the sentence for it: too little memory on the GPU, said before anything is loaded; and no Vulkan driver.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isEngineError } from '../../../engine/errors';
import type { MachineReport } from '../../../engine/runtime/devices';
import { benchFolder } from '../../harness';
import type { Part } from '../part';
import { gpuSides, load } from '../subject';

/** A driver's tool that says there are 16 MiB free of 64. */
const SMALL_GPU = '#!/bin/sh\necho "64, 16, Small GPU"\n';

async function tooSmall(provider: 'cuda' | 'webgpu'): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-small-'));
  const { PATH } = process.env;
  fs.writeFileSync(path.join(folder, 'nvidia-smi'), SMALL_GPU, { mode: 0o755 });
  process.env['PATH'] = `${folder}:${PATH ?? ''}`;
  try {
    const model = await load({ provider, precision: 'fp32' });
    await model.dispose();
  } catch (error) {
    if (!isEngineError(error) || error.code !== 'out-of-memory') throw error;
    if (!/needs about .* of GPU memory in fp32, and .* are free on Small GPU\. /.test(error.message))
      throw error;
    return error.message;
  } finally {
    if (PATH === undefined) delete process.env['PATH'];
    else process.env['PATH'] = PATH;
    fs.rmSync(folder, { recursive: true, force: true });
  }
  throw new Error('A model was loaded that does not fit.');
}

/** 16-bit weights: computed, or refused where the device cannot compute with them. */
async function halves(provider: 'cuda' | 'webgpu'): Promise<string> {
  try {
    const model = await load({ provider, precision: 'fp16' });
    await model.dispose();
    return 'This one computes with them.';
  } catch (error) {
    if (!isEngineError(error) || error.code !== 'precision-unsupported') throw error;
    return error.message;
  }
}

/** What `palimpsest devices` says where there is no Vulkan driver. */
function withoutDriver(): string {
  const cache = fs.mkdtempSync(path.join(benchFolder(), 'driverless-'));
  const nowhere = path.join(cache, 'no-driver.json');
  const env = {
    ...process.env,
    VK_DRIVER_FILES: nowhere,
    VK_ICD_FILENAMES: nowhere,
    PALIMPSEST_CACHE: cache,
  };
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [path.join(__dirname, 'cli.js'), 'devices', '--json'],
    { env, encoding: 'utf8' },
  );
  fs.rmSync(cache, { recursive: true, force: true });
  if (status !== 0) throw new Error(stderr.trim() || `exit code ${status}`);
  const { devices, advice } = JSON.parse(stdout) as MachineReport;
  const webgpu = devices.find(({ provider }) => provider === 'webgpu');
  if (webgpu?.usable !== false || !/no Vulkan driver|Vulkan loader/.test(webgpu.reason))
    throw new Error(`It says: ${webgpu?.reason}`);
  return `${webgpu.reason} ${advice.join(' ')}`;
}

export const refusalsPart: Part = {
  name: 'refusals',
  title: 'what cannot work, and the sentence for it',
  limit: 120,
  async run({ report }) {
    for (const { provider } of await gpuSides(report)) {
      if (provider !== 'cuda' && provider !== 'webgpu') continue;
      await report.attempt(`${provider}: a model that does not fit is refused before it is loaded`, () =>
        tooSmall(provider),
      );
      await report.attempt(`${provider}: 16-bit weights are computed, or refused in a sentence`, () =>
        halves(provider),
      );
    }
    await report.attempt('without a Vulkan driver, the reason is said', async () => withoutDriver());
  },
};
