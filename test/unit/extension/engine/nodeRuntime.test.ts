import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { describe } from 'node:test';
import { taskkill } from '../../../../engine/rpc/childProcess';
import { askNode, describeRuntime, findNode, type NodeFacts } from '../../../../extension/engine/nodeRuntime';

const electron: NodeFacts = { executable: '/code', version: '22.1.0', electron: true };
const real: NodeFacts = { executable: '/usr/bin/node', version: '20.1.0', electron: false };
const nobody = async () => undefined;

describe('which Node runs the engine', () => {
  test('the setting goes before everything', async () => {
    const ask = async (name: string) => ({ ...real, executable: name });
    const found = await findNode({ setting: '/my/node', host: real, ask });
    assert.deepEqual(found, { executable: '/my/node', version: '20.1.0', source: 'setting' });
  });

  for (const [what, answer] of [
    ['nothing', undefined],
    ['an Electron', electron],
    ['an old Node', { ...real, version: '18.20.0' }],
  ] as const) {
    test(`a setting that names ${what} is an error, not a hint`, async () => {
      await assert.rejects(findNode({ setting: '/my/node', host: real, ask: async () => answer }), {
        code: 'engine-not-started',
        message: /palimpsest\.node\.path is \/my\/node/,
      });
    });
  }

  test("the extension host's own where that is Node, without asking around", async () => {
    const ask = () => assert.fail('nobody had to be asked');
    const found = await findNode({ setting: '', host: real, ask });
    assert.equal(found.source, 'host');
  });

  test('`node` on PATH where the host is Electron', async () => {
    const asked: string[] = [];
    const ask = async (name: string) => {
      asked.push(name);
      return real;
    };
    assert.deepEqual(await findNode({ setting: '', host: electron, ask }), {
      executable: '/usr/bin/node',
      version: '20.1.0',
      source: 'path',
    });
    assert.deepEqual(asked, ['node']);
  });

  test("the editor's runtime in the end, with a remark", async () => {
    const found = await findNode({ setting: '', host: electron, ask: nobody });
    assert.equal(found.source, 'electron');
    assert.match(describeRuntime(found), /set palimpsest\.node\.path/);
  });

  test('a real Node answers for itself, and what is none does not', async () => {
    assert.deepEqual(await askNode(process.execPath, process.env), {
      executable: process.execPath,
      version: process.versions.node,
      electron: false,
    });
    assert.equal(await askNode('/nowhere/node', process.env), undefined);
  });

  test('a Node is asked in a folder of its own, never in the workspace', {
    skip: process.platform === 'win32',
  }, async () => {
    const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-node-')));
    try {
      const asked = path.join(folder, 'asked');
      const fake = path.join(folder, 'node');
      fs.writeFileSync(fake, `#!/bin/sh\npwd > '${asked}'\n`, { mode: 0o755 });
      await askNode(fake, process.env);
      assert.equal(fs.readFileSync(asked, 'utf8').trim(), fs.realpathSync(path.dirname(process.execPath)));
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });

  test('what ends a process on Windows is named by its full path', () => {
    assert.equal(taskkill({ SystemRoot: 'D:\\Win' }), 'D:\\Win\\System32\\taskkill.exe');
    assert.equal(taskkill({}), 'C:\\Windows\\System32\\taskkill.exe');
  });
});
