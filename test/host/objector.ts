// A source of diagnostics for quick fixes whose word does not depend on what the model writes, and what a person does with a fix.
import assert from 'node:assert/strict';
import { afterEach } from 'mocha';
import {
  type CodeAction,
  commands,
  Diagnostic,
  type DiagnosticCollection,
  DiagnosticSeverity,
  type Disposable,
  languages,
  Range,
  type TextDocument,
  type TextEditor,
  workspace,
} from 'vscode';
import { closeEverything, configure, GIBBERISH, internals, useScriptedEngine } from './host';

export const TITLE = 'Fix with Palimpsest';
/** What belongs in the place stands twice behind it, so that whatever the model knows, it has something to write. */
const EXAMPLES = ['text', 'rows'].flatMap((name) => [
  '',
  '',
  `def load_${name}(path):`,
  '    data = open(path)',
  '    return data',
]);
export const PROGRAM = ['def load(path):', `    ${GIBBERISH}`, '    return data', ...EXAMPLES, ''].join('\n');

/**
 * A server that objects to a word, on every document that is open, shown or not. It has a hint at the end of each as well, so that
 * it is heard whatever it finds; one without `hints` says nothing new of a second text that it has nothing against.
 */
class Objector implements Disposable {
  private readonly collection: DiagnosticCollection;
  private readonly listening: Disposable;
  readonly looked: string[] = [];

  private readonly waiting = new Map<TextDocument, NodeJS.Timeout>();

  constructor(
    private readonly word: string,
    private readonly options: {
      readonly hints?: boolean;
      readonly isBlind?: (document: TextDocument) => boolean;
      /** Milliseconds that it waits for more keys. */
      readonly delay?: number;
    } = {},
  ) {
    this.collection = languages.createDiagnosticCollection('objector');
    this.listening = workspace.onDidChangeTextDocument(({ document }) => this.lookSoon(document));
    const opening = workspace.onDidOpenTextDocument((document) => this.lookSoon(document));
    const { listening } = this;
    this.listening = {
      dispose: () => {
        listening.dispose();
        opening.dispose();
      },
    };
    for (const document of workspace.textDocuments) this.look(document);
  }

  dispose(): void {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.listening.dispose();
    this.collection.dispose();
  }

  private lookSoon(document: TextDocument): void {
    const { delay = 0 } = this.options;
    clearTimeout(this.waiting.get(document));
    if (delay === 0) this.look(document);
    else
      this.waiting.set(
        document,
        setTimeout(() => this.look(document), delay),
      );
  }

  private look(document: TextDocument): void {
    const { hints = true, isBlind } = this.options;
    if (document.languageId !== 'python' || isBlind?.(document)) return;
    this.looked.push(document.uri.scheme);
    const text = document.getText();
    const found: Diagnostic[] = [];
    for (let at = text.indexOf(this.word); at >= 0; at = text.indexOf(this.word, at + 1)) {
      const range = new Range(document.positionAt(at), document.positionAt(at + this.word.length));
      found.push(new Diagnostic(range, `No ${this.word} here`, DiagnosticSeverity.Error));
    }
    const end = document.positionAt(text.length);
    if (hints) found.push(new Diagnostic(new Range(end, end), 'It ends here', DiagnosticSeverity.Hint));
    this.collection.set(document.uri, found);
  }
}

export async function actionsAt(editor: TextEditor, range: Range): Promise<readonly CodeAction[]> {
  const all = await commands.executeCommand<CodeAction[]>(
    'vscode.executeCodeActionProvider',
    editor.document.uri,
    range,
    'quickfix',
  );
  return all.filter(({ title }) => title.startsWith(TITLE));
}

/** Providers that register during start-up cancel the query: it is asked again. */
export async function actionAt(editor: TextEditor, range: Range): Promise<CodeAction> {
  for (const start = Date.now(); Date.now() - start < 20_000; ) {
    const [action] = await actionsAt(editor, range);
    if (action !== undefined) return action;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail('no action is offered');
}

export async function choose(action: CodeAction): Promise<unknown> {
  assert.ok(action.command, 'the action is a command: nothing was computed for it');
  assert.equal(action.edit, undefined);
  return commands.executeCommand(action.command.command, ...(action.command.arguments ?? []));
}

/** The scripted engine, and a server that objects, which every test has for itself. */
export function useObjector(): (...what: ConstructorParameters<typeof Objector>) => Objector {
  let objector: Objector | undefined;
  useScriptedEngine();
  afterEach(async () => {
    objector?.dispose();
    objector = undefined;
    await configure('quickFix.enabled', undefined);
    await closeEverything();
  });
  return (...what) => {
    objector = new Objector(...what);
    return objector;
  };
}

export async function rewriteOf({ document }: TextEditor) {
  return (await (await internals()).palimpsest()).rewrites.of(document.uri);
}
