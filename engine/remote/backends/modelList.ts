// Which model of a server is meant: the one that is named, or the only one that there is.
import { isObject, own } from '../../checkpoint/json';
import { EngineError } from '../../errors';
import type { ServerClient } from '../serverClient';

const MOST_NAMED = 12;

/** Names as `GET /models` of the OpenAI protocol lists them. Rejects with EngineError. */
export async function modelNames(
  client: ServerClient,
  signal: AbortSignal | undefined,
  path = '/v1/models',
): Promise<readonly string[]> {
  const answer = await client.trying('rewrite', signal, () => client.ask({ path, signal }));
  const list = own(answer, 'data');
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    const id = isObject(entry) ? own(entry, 'id') : undefined;
    return typeof id === 'string' && id !== '' ? [id] : [];
  });
}

/** `named`: by the settings. Nothing is asked where a model is named. Rejects with EngineError. */
export async function chosenModel(
  client: ServerClient,
  named: string | undefined,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (named !== undefined) return named;
  const names = await modelNames(client, signal, '/models');
  const [only, ...others] = names;
  const { host } = client.party;
  if (only === undefined)
    throw new EngineError(
      'option-invalid',
      `${host} does not say which models it has. Name one: "model" in the setting palimpsest.model.server, or --model in the shell.`,
      { host },
    );
  if (others.length === 0) return only;
  const shown = names.slice(0, MOST_NAMED).join(', ');
  throw new EngineError(
    'option-invalid',
    `${host} has several models. Name one of them: "model" in the setting palimpsest.model.server, or --model in the shell. It has ${shown}${names.length > MOST_NAMED ? ', …' : ''}.`,
    { host, models: names.slice(0, MOST_NAMED) },
  );
}
