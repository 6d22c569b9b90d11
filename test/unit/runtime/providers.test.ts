import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { describe } from 'node:test';
import { isEngineError } from '../../../engine/errors';
import type { ProviderName } from '../../../engine/protocol';
import { describeDevices } from '../../../engine/runtime/devices';
import {
  freshProbe,
  type ProbeResult,
  probeFor,
  probeInChild,
  rememberedProbe,
} from '../../../engine/runtime/probe';
import { decideProvider, providerPlan } from '../../../engine/runtime/providers';

function answers(table: Partial<Record<ProviderName, Partial<ProbeResult>>>) {
  const asked: ProviderName[] = [];
  const probe = async (provider: ProviderName): Promise<ProbeResult> => {
    asked.push(provider);
    return { provider, ok: false, fusedAgrees: false, reason: 'it is not there.', ...table[provider] };
  };
  return { asked, probe };
}
/** A child that runs `code` and gets the provider's name as its last argument. */
const child = (code: string) => ({ file: process.execPath, args: ['-e', code, '--'] });

describe('execution providers', () => {
  test('a memory of a probe that cannot be put in its place leaves nothing half-written', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-memory-'));
    try {
      const { asked, probe } = answers({});
      await rememberedProbe('cuda', folder, probe);
      const [name = ''] = fs.readdirSync(folder);
      fs.rmSync(path.join(folder, name));
      fs.mkdirSync(path.join(folder, name, 'in-the-way'), { recursive: true });
      assert.equal((await rememberedProbe('cuda', folder, probe)).ok, false);
      assert.deepEqual(asked, ['cuda', 'cuda']);
      assert.deepEqual(fs.readdirSync(folder), [name]);
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });

  test('without a GPU, auto tries nothing and says so once; a provider that is named is probed', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-memory-'));
    try {
      const { asked, probe } = answers({});
      const plan = ['cuda', 'webgpu', 'cpu'] as const;
      const none = () => false;
      const decision = await decideProvider('auto', probeFor('auto', folder, none, probe), plan);
      assert.deepEqual([decision.provider, decision.reason], ['cpu', 'no driver shows a GPU here.']);
      assert.deepEqual(asked, []);
      assert.deepEqual(fs.readdirSync(folder), [], 'one may be built in tomorrow');
      await assert.rejects(decideProvider('webgpu', probeFor('webgpu', folder, none, probe), plan));
      assert.deepEqual(asked, ['webgpu']);
      await decideProvider(
        'auto',
        probeFor('auto', folder, () => true, probe),
        plan,
      );
      assert.deepEqual(asked, ['webgpu', 'cuda'], 'the other one is remembered');
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });

  test('every platform ends with the CPU, and Intel Macs have nothing else', () => {
    for (const [platform, arch] of [
      ['linux', 'x64'],
      ['linux', 'arm64'],
      ['win32', 'x64'],
      ['win32', 'arm64'],
      ['darwin', 'arm64'],
      ['freebsd', 'x64'],
    ] as const)
      assert.equal(providerPlan(platform, arch).at(-1), 'cpu');
    assert.deepEqual(providerPlan('darwin', 'x64'), ['cpu']);
    assert.equal(providerPlan('linux', 'x64')[0], 'cuda');
  });

  test('auto takes the first that is right and faster, and says what the others said', async () => {
    const { asked, probe } = answers({
      webgpu: { ok: true, fusedAgrees: true, gain: 12, reason: 'twelve times.' },
    });
    const decision = await decideProvider('auto', probe, ['cuda', 'webgpu', 'cpu']);
    assert.deepEqual(asked, ['cuda', 'webgpu']);
    assert.equal(decision.provider, 'webgpu');
    assert.equal(decision.attention, 'fused');
    assert.match(decision.reason, /cuda: it is not there\. twelve times\./);
  });

  test('a software device that is right but slow is passed over, with the reason', async () => {
    const { probe } = answers({ webgpu: { ok: true, gain: 0.2, reason: 'at 0.2 times its speed.' } });
    const decision = await decideProvider('auto', probe, ['webgpu', 'cpu']);
    assert.equal(decision.provider, 'cpu');
    assert.match(decision.reason, /not faster here: at 0\.2 times/);
  });

  test('a provider that the platform has not is refused unasked: the runtime would take the CPU in silence', async () => {
    const { asked, probe } = answers({ coreml: { ok: true, gain: 9, reason: 'so it seems.' } });
    await assert.rejects(decideProvider('coreml', probe, providerPlan('linux', 'x64')), (error) => {
      assert.ok(isEngineError(error));
      assert.equal(error.code, 'provider-unavailable');
      assert.match(error.message, /coreml .* none for this platform/);
      return true;
    });
    assert.deepEqual(asked, []);
  });

  test("a provider of the person's own choice is an error where it fails, never something else", async () => {
    const { probe } = answers({});
    await assert.rejects(decideProvider('cuda', probe, ['cuda', 'cpu']), (error) => {
      assert.ok(isEngineError(error));
      assert.equal(error.code, 'provider-unavailable');
      assert.match(error.message, /cuda .* it is not there/);
      return true;
    });
  });

  test('plain attention where fused disagrees', async () => {
    const { probe } = answers({ webgpu: { ok: true, fusedAgrees: false, gain: 0.5, reason: 'slow.' } });
    assert.equal((await decideProvider('webgpu', probe, ['webgpu', 'cpu'])).attention, 'plain');
  });

  test('devices are told in the order of the plan and one is chosen', async () => {
    const { probe } = answers({ webgpu: { ok: true, gain: 3, reason: 'fast.' } });
    const reports = await describeDevices(probe, ['cuda', 'webgpu', 'cpu']);
    assert.deepEqual(
      reports.map((report) => [report.provider, report.usable, report.chosen]),
      [
        ['cuda', false, false],
        ['webgpu', true, true],
        ['cpu', true, false],
      ],
    );
  });
});

describe('probing in a child process', () => {
  test('a child that crashes, hangs, or prints rubbish is a reason, not an error', async () => {
    const crash = await probeInChild('webgpu', child('console.error("driver: no"); process.abort()'));
    assert.equal(crash.ok, false);
    assert.match(crash.reason, /SIGABRT|exit code/);
    const hang = await probeInChild('webgpu', child('setInterval(() => {}, 1000)'), 300);
    assert.match(hang.reason, /did not answer/);
    const rubbish = await probeInChild('webgpu', child('console.log("{\\"provider\\":1}")'));
    assert.equal(rubbish.ok, false);
    const absent = await probeInChild('webgpu', { file: '/nowhere/node', args: [] });
    assert.match(absent.reason, /could not be started/);
  });

  test('the last line is the answer', async () => {
    const code =
      'console.log("noise"); console.log(JSON.stringify({provider: process.argv.at(-1), ok: true, fusedAgrees: true, gain: 2, reason: "good."}))';
    const result = await probeInChild('dml', child(code));
    assert.deepEqual(result, { provider: 'dml', ok: true, fusedAgrees: true, gain: 2, reason: 'good.' });
  });

  test('who asks again after a change gets a new answer: by command, or because libraries or drivers are others now', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-test-'));
    const { LD_LIBRARY_PATH, VK_DRIVER_FILES } = process.env;
    try {
      const { asked, probe } = answers({});
      await rememberedProbe('cuda', folder, probe);
      await rememberedProbe('cuda', folder, probe);
      assert.equal(asked.length, 1);
      await freshProbe('cuda', folder, probe);
      assert.equal(asked.length, 2);
      process.env['LD_LIBRARY_PATH'] = folder;
      await rememberedProbe('cuda', folder, probe);
      assert.equal(asked.length, 3, 'libraries in another place');
      const driver = path.join(folder, 'driver.json');
      process.env['VK_DRIVER_FILES'] = driver;
      await rememberedProbe('webgpu', folder, probe);
      fs.writeFileSync(path.join(folder, 'libvulkan.so.1'), '');
      fs.writeFileSync(driver, '{}');
      await rememberedProbe('webgpu', folder, probe);
      assert.equal(asked.length, 5, 'a driver that was installed meanwhile');
    } finally {
      for (const [name, value] of Object.entries({ LD_LIBRARY_PATH, VK_DRIVER_FILES })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      fs.rmSync(folder, { recursive: true });
    }
  });

  test('answers are remembered, for a week or a day, and a broken memory is no answer', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-test-'));
    const { asked, probe } = answers({ webgpu: { ok: true, gain: 2, reason: 'good.' } });
    const day = 24 * 3600 * 1000;
    const now = 1e12;
    const first = await rememberedProbe('webgpu', folder, probe, now);
    assert.deepEqual(await rememberedProbe('webgpu', folder, probe, now + 6 * day), first);
    assert.equal(asked.length, 1);
    await rememberedProbe('webgpu', folder, probe, now + 8 * day);
    assert.equal(asked.length, 2);
    await rememberedProbe('cuda', folder, probe, now);
    await rememberedProbe('cuda', folder, probe, now + 2 * day);
    assert.equal(asked.length, 4);
    const busy = answers({ dml: { isPassing: true, reason: 'no answer.' } });
    await rememberedProbe('dml', folder, busy.probe, now);
    await rememberedProbe('dml', folder, busy.probe, now + day / 25);
    assert.equal(busy.asked.length, 1);
    await rememberedProbe('dml', folder, busy.probe, now + day / 23);
    assert.equal(busy.asked.length, 2, 'a busy moment is not a day');
    for (const file of fs.readdirSync(folder))
      fs.writeFileSync(path.join(folder, file), '{"at":1e12,"result":{"ok":');
    await rememberedProbe('webgpu', folder, probe, now);
    assert.equal(asked.length, 5);
    fs.rmSync(folder, { recursive: true });
  });
});
