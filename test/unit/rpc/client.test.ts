import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test, { describe } from 'node:test';
import { Emitter } from '../../../engine/rpc/emitter';
import { cleanEnvironment } from '../../../engine/rpc/environment';
import { Heartbeat } from '../../../engine/rpc/heartbeat';
import { lineLog, parseLogLine } from '../../../engine/rpc/log';

describe('client parts', () => {
  test('the environment keeps what is the person’s and loses what is the editor’s', () => {
    const kept = {
      PATH: '/bin',
      HOME: '/home/p',
      HTTPS_PROXY: 'http://p',
      NODE_EXTRA_CA_CERTS: '/ca',
      CUDA_PATH: '/c',
    };
    const lost = {
      ELECTRON_RUN_AS_NODE: '1',
      Electron_No_Asar: '1',
      NODE_OPTIONS: '--inspect',
      node_options: '--inspect',
      NODE_CHANNEL_FD: '3',
      VSCODE_IPC_HOOK: '/s',
    };
    assert.deepEqual(cleanEnvironment({ ...kept, ...lost }), kept);
  });

  test('an emitter calls each listener until it is disposed of', () => {
    const emitter = new Emitter<number>();
    const heard: string[] = [];
    const listener = (value: number) => heard.push(`a${value}`);
    const first = emitter.event(listener);
    const second = emitter.event(listener);
    emitter.fire(1);
    first.dispose();
    first.dispose();
    emitter.fire(2);
    second.dispose();
    emitter.fire(3);
    assert.deepEqual(heard, ['a1', 'a1', 'a2']);
  });

  test('log lines are read as they were written', () => {
    const stream = new PassThrough();
    lineLog(stream)('warn', 'one\ntwo');
    const lines = String(stream.read()).trimEnd().split('\n');
    assert.deepEqual(lines.map(parseLogLine), [
      { level: 'warn', message: 'one' },
      { level: 'info', message: '  two' },
    ]);
    assert.deepEqual(parseLogLine('[debug] x'), { level: 'info', message: '[debug] x' });
  });

  test('the heartbeat probes, is content with an answer, and reports silence after four ticks', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const tick = () => context.mock.timers.tick(10);
    let probes = 0;
    let answering = true;
    const silences: number[] = [];
    const heartbeat: Heartbeat = new Heartbeat({
      limit: () => 40,
      probe: () => {
        probes++;
        if (answering) heartbeat.heard();
      },
      onSilence: (millis) => silences.push(millis),
    });
    heartbeat.start();
    heartbeat.start();
    for (let i = 0; i < 12; i++) tick();
    assert.equal(probes, 12, 'one timer, one probe a tick');
    answering = false;
    for (let i = 0; i < 3; i++) tick();
    assert.deepEqual([probes, silences], [15, []]);
    tick();
    assert.deepEqual([probes, silences], [15, [40]]);
    heartbeat.stop();
    for (let i = 0; i < 8; i++) tick();
    assert.deepEqual([probes, silences], [15, [40]], 'a stopped heartbeat has no timer');
    heartbeat.start();
    for (let i = 0; i < 3; i++) tick();
    assert.deepEqual([probes, silences], [18, [40]], 'it counts from its start');
    heartbeat.stop();
  });

  test('the heartbeat waits longer from the next tick on where more is asked meanwhile', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    let limit = 40;
    const silences: number[] = [];
    const heartbeat = new Heartbeat({
      limit: () => limit,
      probe: () => undefined,
      onSilence: (millis) => silences.push(millis),
    });
    heartbeat.start();
    context.mock.timers.tick(10);
    limit = 400;
    for (const millis of [10, 100, 99]) context.mock.timers.tick(millis);
    assert.deepEqual(silences, []);
    context.mock.timers.tick(1);
    assert.deepEqual(silences, [220], 'as long as it was');
    heartbeat.stop();
  });
});
