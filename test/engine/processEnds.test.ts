import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import { finished } from 'node:stream/promises';
import test, { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { METHODS } from '../../engine/protocol';
import type { EngineExit } from '../../engine/rpc/engineClient';
import { FLOODED } from '../unit/process/scriptedModel';
import {
  A,
  frame,
  gone,
  infill,
  initialise,
  onLinux,
  printed,
  scripts,
  spawnRaw,
  start,
  useScripts,
  withEngine,
} from './engineScripts';
import { blocked, isAlive, rejects } from './processes';

useScripts();

describe('an engine that nobody needs', () => {
  test('it ends when its input closes, by SIGTERM, and with code 1 when its input is rubbish', async () => {
    for (const [end, code] of [
      [(child: ChildProcess) => child.stdin?.end(), 0],
      [(child: ChildProcess) => child.kill('SIGTERM'), 'SIGTERM'],
      [(child: ChildProcess) => child.stdin?.write('GET / HTTP/1.1\r\n\r\n'), 1],
    ] as const) {
      const { child, output, exit } = spawnRaw([scripts.engine]);
      child.stdin?.write(initialise(process.pid));
      await printed(output, /"engineVersion"/);
      end(child);
      assert.equal(await exit, code);
    }
  });

  test('an engine whose output nobody reads is not stuck in writing it', async () => {
    const { child, output, errors, exit } = spawnRaw([scripts.engine]);
    const span = { start: 0, end: 0 };
    const params = {
      requestId: 1,
      model: A,
      priority: 'rewrite',
      text: 'flood 500',
      spans: [span],
      events: true,
    };
    child.stdin?.write(initialise(process.pid));
    child.stdin?.write(frame({ id: 2, method: METHODS.loadModel, params: { folder: A } }));
    // What is asked before the model is loaded would be refused.
    await printed(output, /"id":2/);
    child.stdout?.pause();
    child.stdin?.write(frame({ id: 3, method: METHODS.infill, params }));
    await printed(errors, new RegExp(FLOODED));
    child.stdin?.end();
    assert.equal(await exit, 0);
    child.stdout?.resume();
    if (child.stdout) await finished(child.stdout);
    assert.ok(output().includes('"confidence":0.5'), 'it was sending steps');
    assert.ok(!output().includes('"id":3'), 'the answer stood in line behind them');
  });

  test('it ends when its parent is killed: the client’s engine, working or blocked', async () => {
    // A forward pass of a large model holds the event loop for longer than an orphan may live.
    for (const [text, model] of [
      ['forever', A],
      ['block 1500', A],
      ['block 60000', A],
    ] as const) {
      const { child, output } = spawnRaw([scripts.parent, scripts.engine, 'client', text, model]);
      const pid = Number(await printed(output, /^\d+\n/));
      assert.ok(isAlive(pid));
      child.kill('SIGKILL');
      await gone(pid);
    }
  });

  test('SIGTERM ends it though it is blocked', async () => {
    const client = await start();
    await client.loadModel({ folder: A });
    const exit = new Promise<EngineExit>((resolve) => client.onExit(resolve));
    const isBlocked = blocked(client);
    const running = rejects(infill(client, 'block 60000'), 'engine-exited');
    await isBlocked;
    process.kill(client.pid, 'SIGTERM');
    assert.equal((await exit).signal, 'SIGTERM');
    await running;
  });

  test('it ends when its parent is killed even if a third process keeps its input open', async () => {
    const { child, output, errors } = spawnRaw([scripts.parent, scripts.engine, 'held']);
    const [pid = 0, holder = 0] = (await printed(output, /^\d+ \d+\n/)).split(' ').map(Number);
    try {
      assert.ok(isAlive(pid) && isAlive(holder));
      child.kill('SIGKILL');
      // By itself, not by the guard that kills what is blocked.
      await printed(errors, new RegExp(`parent process ${child.pid} is gone`));
      await gone(pid);
    } finally {
      process.kill(holder, 'SIGKILL');
    }
  });

  test('it takes no processor time while nothing is asked of it', {
    skip: !onLinux,
    timeout: 60_000,
  }, async () => {
    await withEngine(async (client) => {
      await infill(client, 'steps 3');
      // It comes to rest: one that were busy for ever would never have a second like this.
      for (let share = 1; share >= 0.1; ) {
        const begun = performance.now();
        const before = cpuTicks(client.pid);
        await sleep(1000);
        // A tick is 10 ms wherever Linux runs Node.
        share = ((cpuTicks(client.pid) - before) * 10) / (performance.now() - begun);
      }
    });
  });
});

/** User and system time of a process. */
function cpuTicks(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command's name may hold spaces; what follows it does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
