// The last instructions of this workspace, and one that was begun and not sent: what is wanted of one place is often wanted of the
// next. They are in the editor's own workspace storage, and nowhere else.
import type { Memento } from 'vscode';

const ENTRIES = 'instructions.sent';
const DRAFT = 'instructions.draft';
const MOST = 25;

/** As the engine has it (process/validation.ts). */
export const LONGEST = 4000;

/** A row below the line that is typed into. */
export interface InstructionRow {
  readonly kind: 'typed' | 'earlier' | 'too-long';
  readonly instruction: string;
}

/** What was typed first, so that Enter sends it as it is; then the earlier ones. */
export function rowsFor(typed: string, entries: readonly string[]): readonly InstructionRow[] {
  const instruction = typed.trim();
  const kind = instruction.length > LONGEST ? 'too-long' : 'typed';
  return [
    ...(instruction === '' ? [] : [{ kind, instruction } as const]),
    ...entries
      .filter((entry) => entry !== instruction)
      .map((entry) => ({ kind: 'earlier', instruction: entry }) as const),
  ];
}

/**
 * What is sent when `active` is the row that was chosen and `typed` is what is in the line; undefined: nothing can be. A list may be
 * a few keys behind, where the window is on another machine than the extension: a typed row stands for what is typed by now.
 */
export function chosenOf(active: InstructionRow | undefined, typed: string): string | undefined {
  if (active?.kind === 'earlier') return active.instruction;
  const instruction = typed.trim();
  return instruction === '' || instruction.length > LONGEST ? undefined : instruction;
}

/** Newest first, each once. */
export function withNewest(entries: readonly string[], instruction: string): readonly string[] {
  return [instruction, ...entries.filter((entry) => entry !== instruction)].slice(0, MOST);
}

export class InstructionHistory {
  constructor(private readonly state: Pick<Memento, 'get' | 'update'>) {}

  get entries(): readonly string[] {
    const stored = this.state.get<unknown>(ENTRIES);
    return Array.isArray(stored) ? stored.filter((entry) => typeof entry === 'string').slice(0, MOST) : [];
  }

  get draft(): string {
    const stored = this.state.get<unknown>(DRAFT);
    return typeof stored === 'string' ? stored : '';
  }

  async remember(instruction: string): Promise<void> {
    // At once: the input may be opened again before either is written.
    await Promise.all([
      this.state.update(ENTRIES, withNewest(this.entries, instruction)),
      this.keepDraft(''),
    ]);
  }

  async forget(instruction: string): Promise<void> {
    const left = this.entries.filter((entry) => entry !== instruction);
    await this.state.update(ENTRIES, left);
  }

  async keepDraft(text: string): Promise<void> {
    if (text !== this.draft) await this.state.update(DRAFT, text === '' ? undefined : text);
  }
}
