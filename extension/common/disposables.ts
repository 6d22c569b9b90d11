// Every class that listens owns its listeners; this is what it keeps them in.
import type { Disposable } from 'vscode';

export class Disposables implements Disposable {
  private readonly held: Disposable[] = [];

  add<D extends Disposable>(disposable: D): D {
    this.held.push(disposable);
    return disposable;
  }

  /** In reverse order: what was made last may lean on what was there before. */
  dispose(): void {
    for (const disposable of this.held.splice(0).reverse()) disposable.dispose();
  }
}
