// What a part says while it runs, a line each, so that a part that is cut off has told what it found until then.

export type Line =
  /** Something that must hold. */
  | { readonly kind: 'check'; readonly name: string; readonly ok: boolean; readonly detail: string }
  | {
      readonly kind: 'table';
      readonly title: string;
      readonly header: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  /** Something that was left out, and by which rule. */
  | { readonly kind: 'skipped'; readonly name: string; readonly reason: string }
  | { readonly kind: 'note'; readonly text: string }
  /** Something for the person to do, for the top of the page. */
  | { readonly kind: 'next'; readonly text: string };

export class PartReport {
  constructor(private readonly write: (line: Line) => void) {}

  check(name: string, ok: boolean, detail: string): void {
    this.write({ kind: 'check', name, ok, detail });
  }

  /** A check that a failure of `work` fails, with its message; the others go on. */
  async attempt(name: string, work: () => Promise<string>): Promise<void> {
    try {
      this.check(name, true, await work());
    } catch (error) {
      this.check(name, false, error instanceof Error ? error.message : String(error));
    }
  }

  /** Rows may come as they are measured: those of the same title become one table. */
  table(title: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
    if (rows.length > 0) this.write({ kind: 'table', title, header, rows });
  }

  skip(name: string, reason: string): void {
    this.write({ kind: 'skipped', name, reason });
  }

  note(text: string): void {
    this.write({ kind: 'note', text });
  }

  next(text: string): void {
    this.write({ kind: 'next', text });
  }
}

/** A line of a part's output; undefined where it is none. */
export function parseLine(text: string): Line | undefined {
  try {
    const value = JSON.parse(text) as Line | null;
    switch (value?.kind) {
      case 'check':
      case 'table':
      case 'skipped':
      case 'note':
      case 'next':
        return value;
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}
