// The one kind of event that the client has: listeners are disposed of by what subscribing gave back.

export interface Disposable {
  dispose(): void;
}

export class Emitter<T> {
  private readonly listeners = new Set<{ readonly call: (value: T) => void }>();

  readonly event = (call: (value: T) => void): Disposable => {
    const listener = { call };
    this.listeners.add(listener);
    return { dispose: () => void this.listeners.delete(listener) };
  };

  fire(value: T): void {
    for (const listener of [...this.listeners]) listener.call(value);
  }

  dispose(): void {
    this.listeners.clear();
  }
}
