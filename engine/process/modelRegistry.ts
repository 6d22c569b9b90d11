// Which models are loaded. Asking twice for the same gives the same; one load at a time, since loading takes the
// memory and the processor that a second one would need.
import path from 'node:path';
import { EngineError, throwIfCancelled } from '../errors';
import type { Model, OpenModel } from '../model';
import type { LoadModelParams, LoadProgress, ModelDescription } from '../protocol';

interface Slot {
  /** What was asked for: another provider or precision is another load. */
  readonly key: string;
  readonly controller: AbortController;
  readonly loading: Promise<Model>;
  model: Model | undefined;
  waiters: number;
}

export interface ModelRegistryOptions {
  readonly loadModel: OpenModel;
  readonly onProgress: (progress: LoadProgress) => void;
  /** Rejects the model's requests and resolves when none of them runs any more. */
  readonly release: (folder: string, error: EngineError) => Promise<void>;
}

export class ModelRegistry {
  private readonly slots = new Map<string, Slot>();
  private last: Promise<unknown> = Promise.resolve();
  private closed = false;

  constructor(private readonly options: ModelRegistryOptions) {}

  /** The name under which requests for this model are known, whichever way they spell it. */
  folderOf(model: string): string {
    return this.find(model)[0];
  }

  /**
   * Loads the model, or joins a load under way. The same folder with another provider or precision is unloaded first:
   * two copies may not fit. When every caller has given up, the load is cancelled.
   */
  async load(params: LoadModelParams, cacheFolder: string, signal: AbortSignal): Promise<ModelDescription> {
    throwIfCancelled(signal);
    if (this.closed) throw new EngineError('cancelled', 'The engine is shutting down.');
    const folder = keyOf(params.folder);
    const key = JSON.stringify([params.provider ?? 'auto', params.precision ?? 'auto', params.server]);
    let slot = this.slots.get(folder);
    if (slot === undefined || slot.key !== key || slot.controller.signal.aborted) {
      slot = this.open(folder, key, params, cacheFolder, slot);
    }
    return this.join(slot, signal);
  }

  /** Does nothing for a model that is not loaded; a load under way is cancelled. */
  async unload(model: string): Promise<void> {
    const [folder, slot] = this.find(model);
    if (slot === undefined) return;
    this.slots.delete(folder);
    const closing = this.close(folder, slot);
    // The next load begins when the memory is free again.
    this.last = Promise.allSettled([this.last, closing]);
    await closing;
  }

  /** Throws `model-not-loaded`. */
  get(model: string): Model {
    const [, slot] = this.find(model);
    if (slot?.model !== undefined) return slot.model;
    throw new EngineError(
      'model-not-loaded',
      slot === undefined
        ? `No model is loaded from ${model}: load it first.`
        : `The model in ${model} is still being loaded: wait until loadModel has answered.`,
      { model, loading: slot !== undefined },
    );
  }

  describe(): ModelDescription[] {
    return [...this.slots.values()].flatMap((slot) => (slot.model ? [slot.model.description] : []));
  }

  /** Unloads everything; later loads are refused. */
  async dispose(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.slots.keys()].map((folder) => this.unload(folder)));
  }

  /** By the folder as it was asked for, or as the description gives it (links resolved). */
  private find(model: string): [folder: string, slot: Slot | undefined] {
    const folder = keyOf(model);
    const exact = this.slots.get(folder);
    if (exact !== undefined) return [folder, exact];
    for (const [name, slot] of this.slots) {
      if (slot.model?.description.folder === folder) return [name, slot];
    }
    return [folder, undefined];
  }

  private open(
    folder: string,
    key: string,
    params: LoadModelParams,
    cacheFolder: string,
    old: Slot | undefined,
  ): Slot {
    const controller = new AbortController();
    const work = async (): Promise<Model> => {
      if (old !== undefined) await this.close(folder, old);
      throwIfCancelled(controller.signal);
      const model = await this.options.loadModel(params, {
        cacheFolder,
        signal: controller.signal,
        onProgress: (progress) => {
          if (!controller.signal.aborted) this.options.onProgress(progress);
        },
      });
      if (controller.signal.aborted) {
        await model.dispose();
        throwIfCancelled(controller.signal);
      }
      return model;
    };
    const loading = this.last.then(work, work);
    this.last = loading.catch(() => undefined);
    const slot: Slot = { key, controller, loading, model: undefined, waiters: 0 };
    this.slots.set(folder, slot);
    loading.then(
      (model) => {
        slot.model = model;
      },
      () => {
        if (this.slots.get(folder) === slot) this.slots.delete(folder);
      },
    );
    return slot;
  }

  private async join(slot: Slot, signal: AbortSignal): Promise<ModelDescription> {
    slot.waiters++;
    let giveUp: (() => void) | undefined;
    const abandoned = new Promise<never>((_resolve, reject) => {
      giveUp = () => reject(new EngineError('cancelled', 'Loading was cancelled.'));
      signal.addEventListener('abort', giveUp, { once: true });
    });
    try {
      return (await Promise.race([slot.loading, abandoned])).description;
    } finally {
      if (giveUp !== undefined) signal.removeEventListener('abort', giveUp);
      slot.waiters--;
      if (slot.waiters === 0 && slot.model === undefined) slot.controller.abort();
    }
  }

  private async close(folder: string, slot: Slot): Promise<void> {
    slot.controller.abort();
    const model = await slot.loading.catch(() => undefined);
    if (model === undefined) return;
    await this.options.release(
      folder,
      new EngineError('model-not-loaded', `The model in ${folder} was unloaded: load it again.`, {
        model: folder,
        loading: false,
      }),
    );
    await model.dispose();
  }
}

/** Paths are one by where they lead; the name of a server is itself. */
function keyOf(model: string): string {
  return path.isAbsolute(model) ? path.resolve(model) : model;
}
