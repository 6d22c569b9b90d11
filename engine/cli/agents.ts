// `palimpsest mcp` and `palimpsest lsp`: protocols on standard input and output, until whoever speaks them is gone.
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { takeStdout } from '../process/standardOutput';
import { EngineKeeper } from '../rpc/engineKeeper';
import { AnswerGate } from '../tools/answerGate';
import type { Command, CommandContext } from './context';
import { keptEngine } from './keptEngine';
import { MODEL_OPTION, RUN_OPTIONS } from './modelOptions';
import type { CommandSpec, ParsedArguments } from './options';

const mcpSpec: CommandSpec = {
  name: 'mcp',
  summary: 'Offer infilling and scoring to agents, by the Model Context Protocol.',
  operands: [],
  options: {
    ...MODEL_OPTION,
    root: {
      value: 'DIR',
      multiple: true,
      help: 'folder whose files may be read; can be given several times (default: the current folder)',
    },
    exclude: {
      value: 'GLOB',
      multiple: true,
      help: 'files that are not read, as in the setting files.exclude; can be given several times',
    },
    'with-ignored': { help: 'read files that Git ignores, too' },
    ...RUN_OPTIONS,
  },
  notes: ['Started by an agent, not by hand; docs/agents.md has the configuration of some.'],
};

const lspSpec: CommandSpec = {
  name: 'lsp',
  summary: 'Offer text at the cursor and rewrites to editors, by the Language Server Protocol.',
  operands: [],
  options: { ...MODEL_OPTION, ...RUN_OPTIONS },
  notes: ['Started by an editor, not by hand; docs/agents.md has the configuration of some.'],
};

interface Spoken {
  readonly keeper: EngineKeeper;
  readonly gate: AnswerGate;
  readonly input: Readable;
  readonly output: Writable;
  readonly version: string;
}

/** Runs until `serve` says that the other side is gone, or a signal comes; the engine is started when it is first needed. */
async function speak(
  spec: CommandSpec,
  parsed: ParsedArguments,
  context: CommandContext,
  serve: (spoken: Spoken) => Promise<{ readonly gone: Promise<void>; close(): unknown }>,
): Promise<number> {
  const keeper = new EngineKeeper(keptEngine(parsed, spec, context));
  const { version, signal, packageFolder, stderr } = context;
  const gate = new AnswerGate(packageFolder, (message) => stderr.write(`palimpsest: ${message}\n`));
  try {
    const server = await serve({ keeper, gate, version, input: process.stdin, output: takeStdout() });
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([server.gone, stopped]);
    await server.close();
    return 0;
  } finally {
    gate.dispose();
    await keeper.stop();
  }
}

async function runMcp(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const [{ serveMcp }, { codeTools }, { WorkspaceFiles }] = await Promise.all([
    import('../mcp/mcpServer'),
    import('../tools/codeTools'),
    import('../tools/workspaceFiles'),
  ]);
  const roots = parsed.texts('root');
  const files = new WorkspaceFiles({
    roots: (roots.length > 0 ? roots : ['.']).map((root) => path.resolve(context.folder, root)),
    exclude: parsed.texts('exclude'),
    withIgnored: parsed.has('with-ignored'),
  });
  try {
    return await speak(mcpSpec, parsed, context, async ({ keeper, gate, ...spoken }) =>
      serveMcp({ tools: codeTools(keeper, files, gate), ...spoken }),
    );
  } finally {
    files.dispose();
  }
}

async function runLsp(parsed: ParsedArguments, context: CommandContext): Promise<number> {
  const { serveLanguage } = await import('../lsp/languageServer');
  return speak(lspSpec, parsed, context, async (spoken) => serveLanguage(spoken));
}

export const agentCommands: readonly Command[] = [
  { spec: mcpSpec, run: runMcp },
  { spec: lspSpec, run: runLsp },
];
