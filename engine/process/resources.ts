// What the connections to one engine process share: the device and its schedule, and the models that are loaded.
import type { EngineError } from '../errors';
import { RELAY_BYTES } from '../graph/memory';
import type { OpenModel } from '../model';
import type { LoadModelParams, LoadProgress, ModelDescription } from '../protocol';
import { type Disposable, Emitter } from '../rpc/emitter';
import { ModelRegistry } from './modelRegistry';
import type { ScheduleLimits } from './schedule';
import { Scheduler } from './scheduler';

export class EngineResources {
  readonly scheduler: Scheduler;
  readonly registry: ModelRegistry;
  private readonly progressEmitter = new Emitter<LoadProgress>();
  readonly onProgress: (listener: (progress: LoadProgress) => void) => Disposable =
    this.progressEmitter.event;
  /** Which clients hold a model, by what they called it. */
  private readonly holders = new Map<string, Set<string>>();

  constructor(loadModel: OpenModel, limits?: ScheduleLimits) {
    this.scheduler = new Scheduler(limits);
    this.registry = new ModelRegistry({
      loadModel,
      onProgress: (progress) => this.progressEmitter.fire(progress),
      release: async (folder, error: EngineError) => {
        this.scheduler.cancelAll(error, { model: folder });
        await this.scheduler.idle({ model: folder });
      },
    });
  }

  /** The models as one client sees them. What others hold stays loaded when it lets go. */
  modelsOf(client: string): ClientModels {
    return new ClientModels(client, this.registry, this.holders);
  }
}

export class ClientModels {
  constructor(
    private readonly client: string,
    private readonly registry: ModelRegistry,
    private readonly holders: Map<string, Set<string>>,
  ) {}

  async load(params: LoadModelParams, cacheFolder: string, signal: AbortSignal): Promise<ModelDescription> {
    const folder = this.registry.folderOf(params.folder);
    const holders = this.holders.get(folder) ?? new Set();
    const isNew = !holders.has(this.client);
    // Before it is loaded: nobody who lets go meanwhile may end the load.
    this.holders.set(folder, holders.add(this.client));
    try {
      return this.told(await this.registry.load(params, cacheFolder, signal));
    } catch (error) {
      if (isNew) this.letGo(folder);
      throw error;
    }
  }

  /** Throws as ModelRegistry.get. */
  describe(model: string): ModelDescription {
    return this.told(this.registry.get(model).description);
  }

  /** Does nothing for a model that the client does not hold. */
  async unload(model: string): Promise<void> {
    const folder = this.registry.folderOf(model);
    if (this.letGo(folder) === 0) await this.registry.unload(folder);
  }

  /** Unloads what the client alone holds. */
  async dispose(): Promise<void> {
    const own = [...this.holders].filter(([, holders]) => holders.has(this.client));
    await Promise.all(own.map(([folder]) => this.unload(folder)));
  }

  /** To a window that has a relay, with what that takes. */
  private told(description: ModelDescription): ModelDescription {
    const { memory } = description;
    if (this.client === '' || memory === undefined) return description;
    return { ...description, memory: { ...memory, relay: RELAY_BYTES } };
  }

  /** @returns how many clients hold it now; undefined where this one did not */
  private letGo(folder: string): number | undefined {
    const holders = this.holders.get(folder);
    if (!holders?.delete(this.client)) return undefined;
    if (holders.size === 0) this.holders.delete(folder);
    return holders.size;
  }
}
