// The MCP server as the extension offers it: with the settings of the workspace, and as a process that answers.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { before, describe, it } from 'mocha';
import { ConfigurationTarget, EventEmitter, extensions, workspace } from 'vscode';
import { mcpServerProvider } from '../../extension/api/mcpServer';
import type { Palimpsest } from '../../extension/palimpsest';
import { internals, useCpu } from './host';

describe('the MCP server', () => {
  const changed = new EventEmitter<void>();
  let palimpsest: Palimpsest;
  before(async () => {
    await useCpu();
    palimpsest = await (await internals()).palimpsest();
  });

  function provider() {
    const { extensionPath } = extensions.getExtension('palimpsest.palimpsest') ?? {};
    assert.ok(extensionPath !== undefined);
    return mcpServerProvider(
      { extensionPath, version: '1', cacheFolder: palimpsest.cacheFolder },
      changed.event,
    );
  }

  it('is offered for the folders of the workspace, without what the settings exclude', async () => {
    const settings = workspace.getConfiguration('palimpsest.context');
    await settings.update('exclude', ['generated'], ConfigurationTarget.Global);
    try {
      const [server] = provider()?.provideMcpServerDefinitions() ?? [];
      const [folder] = workspace.workspaceFolders ?? [];
      assert.ok(server && folder);
      const words = server.args.join(' ');
      assert.ok(words.includes(`mcp --root ${folder.uri.fsPath} `), words);
      assert.ok(words.includes('--exclude generated'), words);
      assert.ok(words.includes('--exclude **/.git'), words);
    } finally {
      await settings.update('exclude', undefined, ConfigurationTarget.Global);
    }
  });

  it('is started in the same way each time', async () => {
    const mcp = provider();
    const [offered] = mcp?.provideMcpServerDefinitions() ?? [];
    assert.ok(mcp && offered);
    const first = await mcp.resolveMcpServerDefinition(offered);
    assert.ok(first.args.includes('--model'));
    const again = await mcp.resolveMcpServerDefinition(offered);
    assert.deepEqual([again.command, again.args, again.env], [first.command, first.args, first.env]);
    assert.equal(
      again.args.filter((word) => word === '--model').length,
      1,
      'the command refuses a second one',
    );
  });

  it('answers when it is started as it says', async () => {
    const mcp = provider();
    const [offered] = mcp?.provideMcpServerDefinitions() ?? [];
    assert.ok(mcp && offered);
    const { command, args, env } = await mcp.resolveMcpServerDefinition(offered);
    const child = spawn(command, args, { env: { ...process.env, ...(env as Record<string, string>) } });
    const exit = once(child, 'exit');
    const lines = createInterface({ input: child.stdout });
    const ask = async (id: number, method: string, params: object) => {
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      const [line] = await once(lines, 'line');
      return JSON.parse(line).result;
    };
    const clientInfo = { name: 'host', version: '1' };
    const { serverInfo } = await ask(1, 'initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo,
    });
    assert.equal(serverInfo.name, 'palimpsest');
    const { tools } = await ask(2, 'tools/list', {});
    assert.equal(tools.length, 2);
    child.stdin.end();
    assert.deepEqual(await exit, [0, null]);
  });
});
