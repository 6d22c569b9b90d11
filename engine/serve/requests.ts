// The bodies of requests as the engine's protocol has them: with its checks, and with defaults for what only the pipe needs. Pure.
import { infillParams, scoreParams } from '../process/validation';
import type { InfillParams, ModelDescription, ScoreParams } from '../protocol';
import { flag, object, type Read, textThat } from '../rpc/fields';
import { HttpError } from './httpError';

/** The engine numbers its requests itself. */
const NUMBER = { requestId: 0 };

const anyObject: Read<object> = (value, path) => {
  object<object>({}, {})(value, path);
  return value as object;
};

/** What may be left out here, null included. */
interface Common {
  readonly model?: unknown;
  readonly priority?: unknown;
}

const STREAM = object<{ readonly stream?: boolean }>({}, { stream: flag });

/** @throws EngineError, HttpError */
export function readInfill(
  value: unknown,
  model: ModelDescription,
): { readonly params: InfillParams; readonly stream: boolean } {
  const body: Common & { readonly memory?: unknown } = anyObject(value, '');
  checkModel(body.model, model);
  if ((body.memory ?? undefined) !== undefined) {
    throw new HttpError(
      'option-invalid',
      '`memory` is not supported: a server keeps no texts. Send the texts to copy from as `openTexts`.',
      { data: { path: 'memory' } },
    );
  }
  const { stream = false } = STREAM(body, '');
  const params = infillParams({
    ...body,
    ...NUMBER,
    priority: body.priority ?? 'rewrite',
    model: model.folder,
    events: stream,
  });
  return { params, stream };
}

/** @throws EngineError, HttpError */
export function readScore(value: unknown, model: ModelDescription): ScoreParams {
  const body: Common = anyObject(value, '');
  checkModel(body.model, model);
  const priority = body.priority ?? 'background';
  return scoreParams({ ...body, ...NUMBER, priority, model: model.folder });
}

const ENOUGH = object<{ readonly id: string }>(
  { id: textThat('the id of a request', (id) => /^[0-9a-f-]{36}$/.test(id), 36) },
  {},
);

/** @throws EngineError */
export function readEnough(value: unknown): string {
  return ENOUGH(value, '').id;
}

/** @throws HttpError `model-unknown` where a model is named that is not the server's */
export function checkModel(named: unknown, { name }: Pick<ModelDescription, 'name'>): void {
  if ((named ?? undefined) === undefined || named === name) return;
  throw new HttpError('model-unknown', `This server has no such model. It runs ${name}.`, {
    data: { models: [name] },
  });
}

/** As OpenAI lists models, with what a client of the engine wants to know beside it. */
export function modelList({ folder: _, ...model }: ModelDescription, created: number): object {
  return {
    object: 'list',
    data: [{ id: model.name, object: 'model', created, owned_by: 'palimpsest', palimpsest: model }],
  };
}
