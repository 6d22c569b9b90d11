// Two ways to learn what a language server thinks of a document that is not shown.
import {
  commands,
  type Diagnostic,
  type Disposable,
  EventEmitter,
  languages,
  type TextDocument,
  type Uri,
} from 'vscode';
import { codeOf, type Problem } from './problem';
import { TypeScriptQuestions } from './typeScriptQuestions';

export interface Observer {
  /** Documents that it may be asked about at the same time. */
  readonly sideBySide: number;
  /** What the server has said of it up to now, where that is known without asking. */
  readonly known?: (document: TextDocument) => readonly Problem[];
  /**
   * What the server says of the document once `change` has put its text there (by default: as it stands now); undefined where
   * the server does not say, or the text is not put there.
   */
  readonly observe: (
    document: TextDocument,
    signal: AbortSignal,
    change?: () => Promise<boolean>,
  ) => Promise<readonly Problem[] | undefined>;
}

export function problemOf({ message, code, severity }: Diagnostic): Problem {
  return { message, code: codeOf(code), severity };
}

/** Milliseconds. */
const PATIENCE = 4000;
const SHORT_PATIENCE = 800;
/** Servers tell of syntax first and of meaning a little later. */
const QUIET = 350;
/** Most of the time nobody works: the server waits for more keys, and then somebody waits for more of the server. */
const SIDE_BY_SIDE = 4;

/**
 * Waits for what servers publish. The first observation, of a text that has problems, tells how long that takes; later
 * ones wait a little longer than that, because a server need not say that it found nothing.
 */
export class PublishedDiagnostics implements Observer {
  readonly sideBySide = SIDE_BY_SIDE;
  private usual: number | undefined;

  /** `silent`: servers that said nothing of a copy before, who are waited for less long. `server` names this one. */
  constructor(
    private readonly server: string,
    private readonly silent: Set<string>,
  ) {}

  async observe({ uri }: TextDocument, signal: AbortSignal, change?: () => Promise<boolean>) {
    const isFirst = this.usual === undefined;
    const started = performance.now();
    // From before the text is there: a server that is quick is not waited for a second time.
    const publications = new Publications(uri);
    try {
      if (change !== undefined && !(await change())) return undefined;
      if (!isFirst || languages.getDiagnostics(uri).length === 0) {
        const heard = await publications.next(this.limit(), signal);
        if (isFirst && !heard) {
          if (!signal.aborted) this.silent.add(this.server);
          return undefined;
        }
        this.silent.delete(this.server);
      }
      await publications.quiet(signal);
    } finally {
      publications.dispose();
    }
    this.usual ??= performance.now() - started;
    return this.known({ uri });
  }

  known({ uri }: Pick<TextDocument, 'uri'>): readonly Problem[] {
    return languages.getDiagnostics(uri).map(problemOf);
  }

  private limit(): number {
    const first = this.silent.has(this.server) ? SHORT_PATIENCE : PATIENCE;
    return this.usual === undefined ? first : Math.min(PATIENCE, 2 * this.usual + QUIET);
  }
}

/** What is published of one document from now on. */
class Publications implements Disposable {
  private isNew = false;
  private readonly emitter = new EventEmitter<void>();
  private readonly listening: Disposable;

  constructor(uri: Uri) {
    const key = uri.toString();
    this.listening = languages.onDidChangeDiagnostics(({ uris }) => {
      if (!uris.some((one) => one.toString() === key)) return;
      this.isNew = true;
      this.emitter.fire();
    });
  }

  /** True when there was one that nobody was told of, or comes within so many milliseconds. */
  async next(limit: number, signal: AbortSignal): Promise<boolean> {
    if (!this.isNew && !signal.aborted) await this.wait(limit, signal);
    const heard = this.isNew;
    this.isNew = false;
    return heard;
  }

  /** Resolves when there was none for a moment; a server that never stops is not waited for. */
  async quiet(signal: AbortSignal): Promise<void> {
    for (const start = performance.now(); performance.now() - start < PATIENCE && !signal.aborted; ) {
      if (!(await this.next(QUIET, signal))) return;
    }
  }

  dispose(): void {
    this.listening.dispose();
    this.emitter.dispose();
  }

  private wait(limit: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(late);
        signal.removeEventListener('abort', end);
        published.dispose();
        resolve();
      };
      const published = this.emitter.event(end);
      const late = setTimeout(end, limit);
      signal.addEventListener('abort', end, { once: true });
    });
  }
}

const REQUEST = 'typescript.tsserverRequest';
const CATEGORIES: Readonly<Record<string, number>> = { error: 0, warning: 1, message: 2, suggestion: 3 };

const questions = new TypeScriptQuestions();

/** VS Code's TypeScript extension publishes for shown documents alone, but answers when it is asked about another. */
export const typeScript: Observer = {
  sideBySide: 1,
  async observe({ uri }, signal, change) {
    if (change !== undefined && !(await change())) return undefined;
    return questions.ask((kind) => ask(kind, uri), signal);
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
