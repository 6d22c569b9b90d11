// Two ways to learn what a language server thinks of a document that is not shown.
import { commands, type Diagnostic, languages, type TextDocument, type Uri } from 'vscode';
import { codeOf, type Problem } from './problem';

export interface Observer {
  /** What the server says of the document as it stands now; undefined where it does not say. */
  readonly observe: (document: TextDocument, signal: AbortSignal) => Promise<readonly Problem[] | undefined>;
}

export function problemOf({ message, code, severity }: Diagnostic): Problem {
  return { message, code: codeOf(code), severity };
}

/** Milliseconds. */
const PATIENCE = 4000;
const SHORT_PATIENCE = 800;
/** Servers tell of syntax first and of meaning a little later. */
const QUIET = 350;

/**
 * Waits for what servers publish. The first observation, of a text that has problems, tells how long that takes; later
 * ones wait a little longer than that, because a server need not say that it found nothing.
 */
export class PublishedDiagnostics implements Observer {
  private usual: number | undefined;

  /** `silent`: servers that said nothing of a copy before, who are waited for less long. `server` names this one. */
  constructor(
    private readonly server: string,
    private readonly silent: Set<string>,
  ) {}

  async observe({ uri }: TextDocument, signal: AbortSignal): Promise<readonly Problem[] | undefined> {
    const isFirst = this.usual === undefined;
    const started = performance.now();
    if (!isFirst || languages.getDiagnostics(uri).length === 0) {
      const heard = await nextPublished(uri, this.limit(), signal);
      if (isFirst && !heard) {
        if (!signal.aborted) this.silent.add(this.server);
        return undefined;
      }
      this.silent.delete(this.server);
    }
    await quietAfter(uri, signal);
    this.usual ??= performance.now() - started;
    return languages.getDiagnostics(uri).map(problemOf);
  }

  private limit(): number {
    const first = this.silent.has(this.server) ? SHORT_PATIENCE : PATIENCE;
    return this.usual === undefined ? first : Math.min(PATIENCE, 2 * this.usual + QUIET);
  }
}

/** True when something was published of the document; false at the limit. */
function nextPublished(uri: Uri, limit: number, signal: AbortSignal): Promise<boolean> {
  const key = uri.toString();
  return new Promise((resolve) => {
    const end = (heard: boolean) => {
      clearTimeout(late);
      signal.removeEventListener('abort', aborted);
      listening.dispose();
      resolve(heard);
    };
    const listening = languages.onDidChangeDiagnostics(({ uris }) => {
      if (uris.some((one) => one.toString() === key)) end(true);
    });
    const late = setTimeout(() => end(false), limit);
    const aborted = () => end(false);
    signal.addEventListener('abort', aborted, { once: true });
  });
}

/** Resolves when nothing was published of it for a moment; a server that never stops is not waited for. */
async function quietAfter(uri: Uri, signal: AbortSignal): Promise<void> {
  for (const start = performance.now(); performance.now() - start < PATIENCE && !signal.aborted; ) {
    if (!(await nextPublished(uri, QUIET, signal))) return;
  }
}

const REQUEST = 'typescript.tsserverRequest';
const CATEGORIES: Readonly<Record<string, number>> = { error: 0, warning: 1, message: 2, suggestion: 3 };

/** VS Code's TypeScript extension publishes for shown documents alone, but answers when it is asked about another. */
export const typeScript: Observer = {
  async observe(document, signal) {
    const problems: Problem[] = [];
    for (const kind of ['syntacticDiagnosticsSync', 'semanticDiagnosticsSync']) {
      const reply = await ask(kind, document.uri);
      if (signal.aborted || reply === undefined) return undefined;
      problems.push(...reply);
    }
    return problems;
  },
};

async function ask(kind: string, file: Uri): Promise<readonly Problem[] | undefined> {
  try {
    const reply: unknown = await commands.executeCommand(REQUEST, kind, { file });
    if (!hasBody(reply)) return undefined;
    return reply.body.flatMap((one: unknown) => {
      if (typeof one !== 'object' || one === null || !('text' in one)) return [];
      const severity = 'category' in one ? CATEGORIES[String(one.category)] : undefined;
      const code = 'code' in one ? codeOf(one.code) : '';
      return [{ message: String(one.text), code, severity: severity ?? 0 }];
    });
  } catch {
    // No such extension, an older one that does not answer, or a server that is gone: nobody looks, then.
    return undefined;
  }
}

function hasBody(reply: unknown): reply is { readonly body: readonly unknown[] } {
  return typeof reply === 'object' && reply !== null && 'body' in reply && Array.isArray(reply.body);
}
