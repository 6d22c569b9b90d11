// What the tools for agents ask the engine.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { InfillParams, ScoreParams } from '../../../engine/protocol';
import type { EngineKeeper } from '../../../engine/rpc/engineKeeper';
import type { AnswerGate } from '../../../engine/tools/answerGate';
import { codeTools } from '../../../engine/tools/codeTools';
import type { WorkspaceFiles } from '../../../engine/tools/workspaceFiles';

type Asked = Omit<InfillParams, 'requestId'> | Omit<ScoreParams, 'requestId'>;

describe('the tools for agents', () => {
  test('say that somebody waits, so that a slow model takes in less', async () => {
    const asked: Asked[] = [];
    const client = {
      infill: async (params: Asked) => {
        asked.push(params);
        return { model: 'm', candidates: [] };
      },
      score: async (params: Asked) => {
        asked.push(params);
        return { model: 'm', tokens: [] };
      },
    };
    const keeper = {
      use: (work: (engine: unknown) => unknown) => work({ client, model: { folder: '/models/m' } }),
    } as unknown as EngineKeeper;
    const files = {
      read: async () => ({ text: 'x = 1\n', name: 'a.py', file: '/a.py', language: 'python' }),
    } as unknown as WorkspaceFiles;
    const gate: Pick<AnswerGate, 'marked'> = { marked: async () => [] };
    const inputs: Readonly<Record<string, object>> = {
      palimpsest_infill: { filePath: 'a.py', ranges: [{ startLine: 1, endLine: 1 }] },
      palimpsest_score: { filePath: 'a.py' },
    };
    for (const tool of codeTools(keeper, files, gate))
      await tool.run(inputs[tool.name], new AbortController().signal);
    assert.deepEqual(
      asked.map(({ interactive, priority }) => [interactive, priority]),
      [
        [true, 'background'],
        [true, 'background'],
      ],
    );
  });
});
