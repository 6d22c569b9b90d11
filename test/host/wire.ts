// What goes over the wire to the engines, for tests of what may be sent and what may not.
import type { InfillParams, MemoryUpdateParams } from '../../engine/protocol';

/** Everything that is sent to engines from here on. */
export class Wire {
  readonly updates: MemoryUpdateParams[] = [];
  readonly infills: Partial<InfillParams>[] = [];
  /** Texts that the engine has indexed. */
  readonly taken: string[] = [];
  clears = 0;

  constructor(private readonly client: object) {}

  /** Of all clients: they have one prototype. */
  tap(): () => void {
    const shared = Object.getPrototypeOf(this.client);
    const { taken } = this;
    const textsOf = ({ files }: MemoryUpdateParams) => files.map(({ text }) => text);
    const heard: Readonly<Record<string, (params: never) => void>> = {
      updateMemory: (params) => this.updates.push(params),
      clearMemory: () => this.clears++,
      infill: (params) => this.infills.push(params),
    };
    const real = Object.keys(heard).map((name) => [name, shared[name]] as const);
    for (const [name, call] of real) {
      shared[name] = function (this: object, params: never, ...rest: never[]) {
        heard[name]?.(params);
        const answer: Promise<unknown> = Reflect.apply(call, this, [params, ...rest]);
        if (name === 'updateMemory')
          void answer.then(
            () => taken.push(...textsOf(params)),
            () => undefined,
          );
        return answer;
      };
    }
    return () => {
      for (const [name, call] of real) shared[name] = call;
    };
  }

  forget(): void {
    this.updates.length = 0;
    this.infills.length = 0;
    this.clears = 0;
  }

  get paths(): string[] {
    return this.updates.flatMap(({ files }) => files.map((file) => file.path));
  }

  get removed(): string[] {
    return this.updates.flatMap(({ removed }) => removed);
  }

  get texts(): string {
    return this.updates.flatMap(({ files }) => files.map(({ text }) => text)).join('\n');
  }

  lastOf(name: string): string | undefined {
    return this.updates.flatMap(({ files }) => files).findLast((file) => file.path === name)?.text;
  }
}
