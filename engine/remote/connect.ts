// From an address to a model that answers: the server is asked what it has and whether it can do what it is for. None of a person's
// code is sent for that.
import { version } from '../../package.json';
import { type Connection, connectionOf } from '../http/connection';
import type { LoadContext, Model } from '../model';
import { serverAddress } from '../privacy/serverAddress';
import type { ModelDescription, ServerParams } from '../protocol';
import type { Backend } from './backend';
import { Chat } from './backends/chat';
import { Completions } from './backends/completions';
import { LlamaServer } from './backends/llamaServer';
import { Mercury } from './backends/mercury';
import { GeneratedModel } from './generatedModel';
import { connectPalimpsest } from './palimpsestModel';
import { ServerClient } from './serverClient';

/** An answer to a long text may take a slow server minutes to begin with. */
const PATIENCE = { answer: 120_000, piece: 60_000 };

/** Where the URL has no path: the one that the protocol is known under. */
const PATHS: Readonly<Partial<Record<ServerParams['kind'], string>>> = {
  'openai-completions': '/v1',
  'openai-chat': '/v1',
  mercury: '/v1',
};

/**
 * `name`: what requests call it. Proxy and certificates are those of `env`; a server on this machine is reached without a proxy.
 * Rejects with EngineError: `option-invalid`, `server-not-allowed`, `server-unreachable`, `server-refused`,
 * `server-answer-invalid`, `cancelled`.
 */
export async function connectServer(
  name: string,
  server: ServerParams,
  { signal }: Pick<LoadContext, 'signal'>,
  env: Readonly<Record<string, string | undefined>>,
  patience = PATIENCE,
): Promise<Model> {
  const { isLoopback } = serverAddress(server.url);
  const connection: Connection = connectionOf(env, version, patience, !isLoopback);
  const client = new ServerClient(server, connection, PATHS[server.kind]);
  try {
    if (server.kind === 'palimpsest') return await connectPalimpsest(name, client, signal);
    const backend = await backendOf(server, client, signal);
    return new GeneratedModel(describe(name, server, backend, client), backend, client);
  } catch (error) {
    client.close();
    throw error;
  }
}

function backendOf(
  { kind, model }: ServerParams,
  client: ServerClient,
  signal: AbortSignal | undefined,
): Promise<Backend> {
  switch (kind) {
    case 'llama-server':
      return LlamaServer.connect(client, signal);
    case 'openai-completions':
      return Completions.connect(client, model, signal);
    case 'mercury':
      return Promise.resolve(new Mercury(client, model));
    default:
      return Chat.connect(client, model, signal);
  }
}

/** A model that has no name of its own has its path. */
function baseName(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1) || name;
}

function describe(
  name: string,
  { kind }: ServerParams,
  { facts }: Backend,
  { party: { host } }: ServerClient,
): ModelDescription {
  return {
    folder: name,
    name: baseName(facts.model),
    family: kind,
    familyTitle: facts.title,
    parameters: 0,
    contextLength: facts.contextLength ?? 0,
    provider: 'server',
    providerReason: `It runs on ${host}.`,
    precision: 'unknown',
    storedPrecision: 'unknown',
    copies: false,
    takesInstruction: facts.takesInstruction,
    remarks: facts.remarks,
    server: { kind, host, gaps: facts.gaps },
  };
}
