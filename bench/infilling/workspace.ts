// The other files of a held-out package as an editor's workspace would have them: a memory for each package, from which the
// file with the hole is left out.
import type { CopyIndex } from '../../engine/copying/sources';
import { MemoryLookup } from '../../engine/memory/lookup';
import { Memory } from '../../engine/memory/memory';
import type { Case, HeldFile } from './spans';

export class Workspaces {
  private readonly memories = new Map<string, Memory>();

  constructor(private readonly files: readonly HeldFile[]) {}

  /** `searches`: full ones for a hole. Nothing is named as near: what a file imports and what was edited recently are the editor's knowledge. */
  index(held: Case<string>, searches?: number): CopyIndex {
    const { path, language } = held;
    return new MemoryLookup(this.memory(held), { path, language }, 1, searches);
  }

  /** Of the case's package, the file with the hole included. */
  memory({ source }: Case<string>): Memory {
    const known = this.memories.get(source) ?? this.memoryOf(source);
    this.memories.set(source, known);
    return known;
  }

  private memoryOf(source: string): Memory {
    const memory = new Memory();
    const files = this.files.filter((file) => file.source === source);
    const work = memory.update(
      files.map(({ path, text, language }) => ({ path, text, language })),
      [],
    );
    while (!work.next().done);
    return memory;
  }
}
