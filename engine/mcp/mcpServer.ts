// `palimpsest mcp`: the tools for agents by the Model Context Protocol, over standard input and output.
import type { Readable, Writable } from 'node:stream';
import { McpServer, type StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { toEngineError } from '../errors';
import type { CodeTool } from '../tools/codeTools';

export interface McpOptions {
  readonly tools: readonly CodeTool[];
  readonly version: string;
  readonly input: Readable;
  readonly output: Writable;
}

/** Serves until the input ends. */
export function serveMcp({ tools, version, input, output }: McpOptions): {
  readonly gone: Promise<void>;
  close(): Promise<void>;
} {
  const gone = new Promise<void>((resolve) => {
    input.once('end', resolve);
    input.once('close', resolve);
  });
  const handle = serveStdio(() => withTools(new McpServer({ name: 'palimpsest', version }), tools), {
    transport: new StdioServerTransport(input, output),
  });
  return { gone, close: () => handle.close() };
}

function withTools(server: McpServer, tools: readonly CodeTool[]): McpServer {
  for (const { name, title, description, inputSchema, run } of tools) {
    server.registerTool(
      name,
      { title, description, inputSchema: unchecked(inputSchema), annotations: { readOnlyHint: true } },
      async (input, { mcpReq: { signal } }) => {
        try {
          return { content: [{ type: 'text', text: await run(input, signal) }] };
        } catch (thrown) {
          // For the language model: it may ask otherwise.
          return { content: [{ type: 'text', text: toEngineError(thrown).message }], isError: true };
        }
      },
    );
  }
  return server;
}

/** The tool checks its input itself, and says what is wrong with it in its own words. */
function unchecked(schema: Readonly<Record<string, unknown>>): StandardSchemaWithJSON {
  const jsonSchema = () => ({ ...schema });
  return {
    '~standard': {
      version: 1,
      vendor: 'palimpsest',
      validate: (value) => ({ value }),
      jsonSchema: { input: jsonSchema, output: jsonSchema },
    },
  };
}
