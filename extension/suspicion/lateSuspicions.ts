// Suspicious tokens are a bundle of their own (esbuild.js): most windows never look for any. This is what stands for them until then.
import type { SuspicionServices, Suspicions } from './suspicions';

export class LateSuspicions {
  private loaded: Promise<Suspicions> | undefined;

  constructor(private readonly services: SuspicionServices) {}

  /** Reads the bundle where nobody has asked for it before. */
  get(): Promise<Suspicions> {
    this.loaded ??= import('./suspicions').then((module) => new module.Suspicions(this.services));
    return this.loaded;
  }

  /** Takes all marks away. */
  async clear(): Promise<void> {
    (await this.loaded)?.clear();
  }

  dispose(): void {
    void this.loaded?.then((all) => all.dispose());
  }
}
