// `palimpsest lsp`: text at the cursor and rewrites for any editor that speaks the Language Server Protocol 3.18.
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  type CancellationToken,
  type CodeAction,
  type CodeActionParams,
  type Connection,
  createConnection,
  ErrorCodes,
  type InitializeParams,
  type InitializeResult,
  type InlineCompletionItem,
  type InlineCompletionParams,
  InlineCompletionTriggerKind,
  LSPErrorCodes,
  type Range,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { isWorthShowing } from '../candidates/quality/verdict';
import { toEngineError } from '../errors';
import type { InfillParams } from '../protocol';
import type { EngineKeeper } from '../rpc/engineKeeper';
import { type AnswerGate, reasonsText } from '../tools/answerGate';
import { WorkspaceFiles } from '../tools/workspaceFiles';
import { PacedSuggestions } from './pacedSuggestions';
import { isWorthAsking, suggestionsOf } from './suggestion';

const REWRITE = 'palimpsest.rewrite';
const REWRITE_KIND = 'refactor.rewrite.palimpsest';
const HAS_CHANGED = 'The text has changed in the meantime, so it was not rewritten.';

export interface LanguageServerOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly keeper: EngineKeeper;
  readonly gate: Pick<AnswerGate, 'marked'>;
  readonly version: string;
}

/** Serves until the client says `exit` or closes the input. */
export function serveLanguage(options: LanguageServerOptions): {
  readonly gone: Promise<void>;
  close(): void;
} {
  const server = new LanguageServer(options);
  return { gone: server.gone, close: () => server.dispose() };
}

class LanguageServer {
  private readonly connection: Connection;
  private readonly documents = new TextDocuments(TextDocument);
  private readonly files = new WorkspaceFiles({ roots: [] });
  private readonly suggestions: PacedSuggestions;
  private showsProgress = false;
  /** Under way: the engine has no time for anything else. */
  private rewrites = 0;
  readonly gone: Promise<void>;

  constructor(private readonly options: LanguageServerOptions) {
    const { input, output } = options;
    this.connection = createConnection(new StreamMessageReader(input), new StreamMessageWriter(output));
    this.suggestions = new PacedSuggestions({
      keeper: options.keeper,
      isBusy: () => this.rewrites > 0,
      log: (message) => this.connection.console.info(message),
    });
    this.connection.onInitialize((params) => this.initialise(params));
    this.connection.languages.inlineCompletion.on((params, token) => this.complete(params, token));
    this.connection.onCodeAction((params) => this.actions(params));
    this.connection.onExecuteCommand(({ command, arguments: [argument] = [] }, token) => {
      if (command !== REWRITE) throw invalid(`There is no command ${command}.`);
      return this.rewrite(argument, token);
    });
    this.documents.listen(this.connection);
    this.gone = new Promise((resolve) => {
      this.connection.onExit(() => resolve());
      input.once('close', () => resolve());
      input.once('end', () => resolve());
    });
    this.connection.listen();
  }

  dispose(): void {
    this.files.dispose();
    this.connection.dispose();
  }

  private initialise({ capabilities }: InitializeParams): InitializeResult {
    this.showsProgress = capabilities.window?.workDoneProgress === true;
    return {
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        inlineCompletionProvider: true,
        codeActionProvider: { codeActionKinds: [REWRITE_KIND] },
        executeCommandProvider: { commands: [REWRITE] },
      },
      serverInfo: { name: 'palimpsest', version: this.options.version },
    };
  }

  private async complete(
    { textDocument, position, context }: InlineCompletionParams,
    token: CancellationToken,
  ): Promise<InlineCompletionItem[]> {
    const { uri }: { uri?: unknown } = Object(textDocument);
    if (typeof uri !== 'string' || !isPosition(position))
      throw invalid('textDocument/inlineCompletion needs a textDocument with uri, and a position.');
    const document = this.documents.get(uri);
    if (document === undefined) return [];
    const text = document.getText();
    const offset = document.offsetAt(position);
    const cursor = { before: text.slice(0, offset), after: text.slice(offset) };
    if (!isWorthAsking(cursor)) return [];
    const { triggerKind }: { triggerKind?: unknown } = Object(context);
    const isInvoked = triggerKind !== InlineCompletionTriggerKind.Automatic;
    if (!isInvoked && this.suggestions.isResting) return [];
    if ((await this.whyNot(document, text)) !== undefined) return [];
    const stopping = stoppedBy([token]);
    try {
      const candidates = await this.suggestions.ask(
        {
          ...{ text, language: document.languageId, document: uri },
          spans: [{ start: offset, end: offset }],
        },
        isInvoked,
        stopping.signal,
      );
      if (candidates === undefined) return [];
      const answers = candidates.map(({ spans }) => spans[0]?.text ?? '');
      return suggestionsOf(answers, cursor).map((insertText) => ({
        insertText,
        range: { start: position, end: position },
      }));
    } catch (thrown) {
      const error = toEngineError(thrown);
      if (error.code === 'cancelled' || error.code === 'superseded') throw cancelled();
      // Nobody asked for it: what it fails of goes to the log.
      this.connection.console.warn(error.message);
      return [];
    } finally {
      stopping.dispose();
    }
  }

  private async actions({ textDocument: { uri }, range, context }: CodeActionParams): Promise<CodeAction[]> {
    const document = this.documents.get(uri);
    const isEmpty = range.start.line === range.end.line && range.start.character === range.end.character;
    const { only } = context;
    if (isEmpty || (only !== undefined && !only.some((kind) => `${REWRITE_KIND}.`.startsWith(`${kind}.`)))) {
      return [];
    }
    // Nothing is offered that would be refused.
    if (document === undefined || (await this.whyNot(document, document.getText())) !== undefined) return [];
    const title = 'Rewrite with Palimpsest';
    return [{ title, kind: REWRITE_KIND, command: { title, command: REWRITE, arguments: [{ uri, range }] } }];
  }

  private async rewrite(argument: unknown, token: CancellationToken): Promise<null> {
    const { uri, range } = readPlace(argument);
    const document = this.documents.get(uri);
    if (document === undefined) throw invalid(`${uri} is not open.`);
    const { version, languageId: language } = document;
    const text = document.getText();
    if (range.start.line >= document.lineCount)
      throw invalid(`Line ${range.start.line + 1} is not in the file: it has ${document.lineCount}.`);
    const span = { start: document.offsetAt(range.start), end: document.offsetAt(range.end) };
    if (span.start > span.end) throw invalid('The selection ends before it begins.');
    const why = await this.whyNot(document, text);
    if (why !== undefined) throw failed(why);
    const progress = this.showsProgress ? await this.connection.window.createWorkDoneProgress() : undefined;
    progress?.begin('Palimpsest', 0, 'Rewriting', true);
    const stopping = stoppedBy([token, ...(progress === undefined ? [] : [progress.token])]);
    this.rewrites++;
    try {
      const { candidates } = await this.infill(
        { ...{ text, language, spans: [span] }, document: uri },
        stopping.signal,
        (fraction) => progress?.report(Math.floor(100 * fraction)),
      );
      const [best] = await this.options.gate.marked({ text, language }, candidates);
      // An editor puts it into the file at once, with no review.
      if (best !== undefined && !isWorthShowing(best)) {
        throw failed(
          `No good rewrite was found, so nothing was changed (${asWords(reasonsText(best.quality))}). Try again, or select more.`,
        );
      }
      const newText = best?.spans[0]?.text;
      if (newText === undefined) throw failed('The model found no answer. Try a larger selection.');
      // Not every client compares versions.
      if (this.documents.get(uri)?.version !== version) throw failed(HAS_CHANGED);
      const { applied } = await this.connection.workspace.applyEdit({
        label: 'Rewrite with Palimpsest',
        edit: {
          documentChanges: [{ textDocument: { uri, version }, edits: [{ range, newText }] }],
        },
      });
      if (!applied) throw failed(HAS_CHANGED);
      return null;
    } catch (thrown) {
      if (thrown instanceof ResponseError) throw thrown;
      const error = toEngineError(thrown);
      throw error.code === 'cancelled' || error.code === 'superseded' ? cancelled() : failed(error.message);
    } finally {
      this.rewrites--;
      stopping.dispose();
      progress?.done();
    }
  }

  /** `asked`: the text as it was when the request came. The document is another one by the time that an engine is ready. */
  private infill(
    asked: Pick<InfillParams, 'text' | 'language' | 'spans' | 'document'>,
    signal: AbortSignal,
    onFraction: (fraction: number) => void,
  ) {
    return this.options.keeper.use(
      ({ client, model }) =>
        client.infill(
          { model: model.folder, ...asked, priority: 'rewrite', interactive: true },
          { signal, onStep: ({ fraction = 0 }) => onFraction(fraction) },
        ),
      signal,
    );
  }

  /** What may be read is the same as everywhere, open or not. */
  private async whyNot({ uri, languageId }: TextDocument, text: string): Promise<string | undefined> {
    let file: string | undefined;
    try {
      file = uri.startsWith('file:') ? fileURLToPath(uri) : undefined;
    } catch {
      // Nobody can say what Git ignores there.
      return `${uri} is not a file of this machine, so it is not read.`;
    }
    return this.files.whyNot(file, text, languageId, pathOf(uri));
  }
}

/** Of any address: a file that is not saved yet, or an older state of one, has the name of what it is. */
function pathOf(uri: string): string {
  try {
    return decodeURIComponent(new URL(uri).pathname);
  } catch {
    return uri;
  }
}

/** Fires when one of the tokens does. */
function stoppedBy(tokens: readonly CancellationToken[]): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const listening = tokens.map((one) => {
    if (one.isCancellationRequested) controller.abort();
    return one.onCancellationRequested(() => controller.abort());
  });
  return {
    signal: controller.signal,
    dispose: () => {
      for (const one of listening) one.dispose();
    },
  };
}

function readPlace(argument: unknown): { readonly uri: string; readonly range: Range } {
  const { uri, range }: { uri?: unknown; range?: unknown } = Object(argument);
  const { start, end }: { start?: unknown; end?: unknown } = Object(range);
  if (typeof uri === 'string' && isPosition(start) && isPosition(end)) return { uri, range: { start, end } };
  throw invalid(`${REWRITE} needs an object with uri and range.`);
}

function isPosition(value: unknown): value is Range['start'] {
  const { line, character }: { line?: unknown; character?: unknown } = Object(value);
  return Number.isSafeInteger(line) && Number.isSafeInteger(character);
}

function invalid(message: string): ResponseError<void> {
  return new ResponseError(ErrorCodes.InvalidParams, message);
}
function failed(message: string): ResponseError<void> {
  return new ResponseError(LSPErrorCodes.RequestFailed, message);
}
function cancelled(): ResponseError<void> {
  return new ResponseError(LSPErrorCodes.RequestCancelled, 'The request was canceled.');
}

/** `does-not-parse, unknown-names`, for a person who reads it in an editor. */
function asWords(reasons: string): string {
  return reasons.replaceAll('-', ' ');
}
