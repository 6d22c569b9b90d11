// Files beside the one that is edited, for copying to read.

/** One file of a memory. */
export interface MemoryFile {
  /** Up to 4096 characters, unique in the memory, with forward slashes: `folder/src/a.ts`. A known one is replaced. */
  readonly path: string;
  readonly text: string;
  /** VS Code's language id. Default: not known. */
  readonly language?: string;
  /** Milliseconds since 1970. Where there is no room for all, older files go first. Default 0. */
  readonly modified?: number;
  /** Comes before `modified`: files of a higher rank go first. Default 0. */
  readonly rank?: number;
}

/** Files that copying may read beside the one that is edited. They stay in the engine's memory, and go with its process. */
export interface MemoryUpdateParams {
  /** Up to 4096 characters, the client's own name for it; a new one begins an empty memory. */
  readonly memory: string;
  /**
   * Up to 256, of up to 8,000,000 UTF-16 units in all. Reading a message takes the engine a few milliseconds for a million
   * units, so small ones leave it more responsive.
   */
  readonly files: readonly MemoryFile[];
  /** Up to 100,000 paths. Unknown ones are ignored. */
  readonly removed: readonly string[];
}

/** `no-room`: files of a lower rank, or newer ones, take all the room that there is. */
export type SkipReason = 'binary' | 'generated' | 'minified' | 'too-long' | 'no-room';

/** A memory as it is after an update. */
export interface MemoryFacts {
  readonly files: number;
  /** UTF-16 units of their texts. */
  readonly characters: number;
  /** Of texts and index together. */
  readonly bytes: number;
  /** Files of this update that were not taken in, and earlier ones that made room for it (`no-room`). */
  readonly skipped: readonly { readonly path: string; readonly reason: SkipReason }[];
}

export interface MemoryClearParams {
  readonly memory: string;
}

/** The memory that a request copies from. */
export interface MemoryUse {
  /** As in MemoryUpdateParams. One that is not known is empty. */
  readonly id: string;
  /** Path of the text that is sent: this file of the memory is left out, and files near it go before others. */
  readonly path?: string;
  /** Up to 256 paths whose files go before all others, nearest first: what the text imports, what was edited recently. */
  readonly near?: readonly string[];
}
