// The GPU path, on whatever WebGPU device there is (`npm test` installs a software one on Debian): the whole denoise
// loop with its K/V on the device gives the CPU's tokens.
import assert from 'node:assert/strict';
import path from 'node:path';
import test, { describe } from 'node:test';
import { Infiller } from '../../engine/infill/infiller';
import type { InfillParams, ModelDescription, ProviderName } from '../../engine/protocol';
import { probeInChild } from '../../engine/runtime/probe';
import { type FixtureModel, openFixture } from './fixtureModel';

/** A machine of one's own may have no Vulkan; the gate must. */
const required = process.env['CI'] !== undefined;

const text =
  'def total(values):\n    result = 0\n    for value in values:\n        result += value\n    return result\n';
const start = text.indexOf('result += value');

async function infill(model: FixtureModel, provider: ProviderName, options: Partial<InfillParams>) {
  const { checkpoint, session } = model;
  const description: ModelDescription = {
    folder: checkpoint.folder,
    name: checkpoint.name,
    family: checkpoint.family.id,
    familyTitle: checkpoint.family.title,
    parameters: checkpoint.parameters,
    contextLength: checkpoint.shape.contextLength,
    provider,
    providerReason: '',
    attention: 'plain',
    precision: 'fp32',
    storedPrecision: checkpoint.storedDtype,
    takesInstruction: false,
    remarks: [],
  };
  const infiller = new Infiller(checkpoint, description, session);
  const steps: string[] = [];
  // Twice: the second request meets the first one's cache.
  const results = [];
  for (const shift of [0, 1]) {
    const result = await infiller.infill(
      {
        requestId: shift,
        model: 'fixture',
        priority: 'rewrite',
        text: 'x\n'.repeat(shift) + text,
        language: 'python',
        spans: [{ start: start + 2 * shift, end: start + 2 * shift + 'result += value'.length }],
        maxTokens: 24,
        ...options,
      },
      {
        onStep: (step) =>
          steps.push(`${step.candidate}:${step.cells.map((cell) => `${cell.state}${cell.text}`).join('|')}`),
      },
    );
    results.push(result.candidates.map((candidate) => candidate.spans.map((span) => span.text)));
  }
  infiller.dispose();
  return { steps, results };
}

async function onBoth(name: string, options: Partial<InfillParams>) {
  const answers = [];
  for (const provider of ['cpu', 'webgpu'] as const) {
    const model = await openFixture(name, { provider });
    assert.equal(model.session.deviceCache, provider === 'webgpu');
    answers.push(await infill(model, provider, options));
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
