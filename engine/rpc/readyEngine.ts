// An engine whose model is loaded. What is asked of it goes by how fast the model is now.
import type { ModelDescription, SpeedEvent } from '../protocol';
import type { EngineClient } from './engineClient';

export interface ReadyEngine {
  readonly client: EngineClient;
  /** As the engine described it last. */
  readonly model: ModelDescription;
}

/** `engine` with a speed that `client` told; undefined where that is of another engine or model. Pure. */
export function atSpeed(
  engine: ReadyEngine | undefined,
  client: EngineClient,
  { model: folder, ...speed }: SpeedEvent,
): ReadyEngine | undefined {
  if (engine?.client !== client || engine.model.folder !== folder) return undefined;
  return { client, model: { ...engine.model, ...speed } };
}
