// The GPU path, on whatever WebGPU device there is (`npm test` installs a software one on Debian): the whole denoise
// loop with its K/V on the device gives the CPU's tokens.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import type { InfillParams } from '../../engine/protocol';
import { probeInChild } from '../../engine/runtime/probe';
import { denoiseTrace } from './denoiseTrace';
import { openFixture } from './fixtureModel';

/** A machine of one's own may have no Vulkan; the gate must. */
const required = process.env['CI'] !== undefined;

async function onBoth(name: string, options: Partial<InfillParams>) {
  const answers = [];
  for (const provider of ['cpu', 'webgpu'] as const) {
    const model = await openFixture(name, { provider });
    assert.equal(model.session.deviceCache, provider === 'webgpu');
    answers.push(await denoiseTrace(model, provider, options));
    await model.dispose();
  }
  return answers;
}

describe('WebGPU', async () => {
  const built = path.join(__dirname, '..', '..', 'dist', 'probe.js');
  const probe = await probeInChild('webgpu', { file: process.execPath, args: [built] }, 120_000);
  const skip = probe.ok || required ? false : `no WebGPU device: ${probe.reason}`;

  test("the probe finds a device whose numbers are the CPU's", { skip }, () => {
    assert.equal(probe.ok, true, probe.reason);
    assert.equal(typeof probe.gain, 'number');
  });

  for (const [what, name, options] of [
    ['in place, dual cache', 'dreamon', { rule: 'top-k' }],
    ['in place, fixed length, several candidates', 'llada', { candidates: 2, seed: 3, maxTokens: 8 }],
    ['block-causal over an exact cache', 'stable-diffcoder', { maxTokens: 12 }],
    ['from left to right, with layer norms and a plain MLP', 'starcoder2', { maxTokens: 12 }],
    ['cached canvases', 'palimpsest', { rule: 'threshold', candidates: 2, temperature: 0.8 }],
  ] as const) {
    test(`${what}: the tokens of every step are the CPU's`, { skip }, async () => {
      const [cpu, gpu] = await onBoth(name, options);
      assert.ok(cpu && gpu && cpu.steps.length > 0);
      assert.deepEqual(gpu.steps, cpu.steps);
      assert.deepEqual(gpu.results, cpu.results);
    });
  }
});
