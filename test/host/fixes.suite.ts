// Quick fixes with the real engine and two sources of diagnostics: VS Code's TypeScript server, and one whose word does
// not depend on what the model writes.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import {
  CodeAction,
  CodeActionKind,
  commands,
  Diagnostic,
  type DiagnosticCollection,
  DiagnosticSeverity,
  type Disposable,
  languages,
  Position,
  type ProgressOptions,
  Range,
  Selection,
  type TextDocument,
  type TextEditor,
  Uri,
  window,
  workspace,
} from 'vscode';
import { Checker } from '../../extension/fixes/checker';
import { COPY_SCHEME } from '../../extension/fixes/copies';
import {
  choosing,
  closeEverything,
  configure,
  fingerprint,
  GIBBERISH,
  internals,
  isAlive,
  openFile,
  replace,
  reported,
  undoIn,
  until,
  useScriptedEngine,
  whileHeld,
  withScript,
} from './host';
import { MILLIS_A_LINE } from './scriptedModel';

const TITLE = 'Fix with Palimpsest';
/** What belongs in the place stands twice behind it, so that whatever the model knows, it has something to write. */
const EXAMPLES = ['text', 'rows'].flatMap((name) => [
  '',
  '',
  `def load_${name}(path):`,
  '    data = open(path)',
  '    return data',
]);
const PROGRAM = ['def load(path):', `    ${GIBBERISH}`, '    return data', ...EXAMPLES, ''].join('\n');

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

async function actionsAt(editor: TextEditor, range: Range): Promise<readonly CodeAction[]> {
  const all = await commands.executeCommand<CodeAction[]>(
    'vscode.executeCodeActionProvider',
    editor.document.uri,
    range,
    'quickfix',
  );
  return all.filter(({ title }) => title.startsWith(TITLE));
}

/** Providers that register during start-up cancel the query: it is asked again. */
async function actionAt(editor: TextEditor, range: Range): Promise<CodeAction> {
  for (const start = Date.now(); Date.now() - start < 20_000; ) {
    const [action] = await actionsAt(editor, range);
    if (action !== undefined) return action;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail('no action is offered');
}

async function choose(action: CodeAction): Promise<unknown> {
  assert.ok(action.command, 'the action is a command: nothing was computed for it');
  assert.equal(action.edit, undefined);
  return commands.executeCommand(action.command.command, ...(action.command.arguments ?? []));
}

describe('quick fixes', () => {
  let objector: Objector | undefined;
  useScriptedEngine();
  afterEach(async () => {
    objector?.dispose();
    objector = undefined;
    await configure('quickFix.enabled', undefined);
    await closeEverything();
  });
  const rewriteOf = async (editor: TextEditor) =>
    (await (await internals()).palimpsest()).rewrites.of(editor.document.uri);

  it('shows a rewrite that the server has nothing against, checked on a copy', async () => {
    const editor = await openFile('fix.py', PROGRAM);
    objector = new Objector('qzx', { hints: false });
    const untouched = fingerprint(editor.document);
    const line = editor.document.lineAt(1).range;
    const action = await actionAt(editor, line);
    assert.equal(action.title, `${TITLE}: No qzx here`);
    assert.equal(await choose(action), 'shown');
    const rewrite = await rewriteOf(editor);
    assert.equal(rewrite?.kind, 'reviewing');
    assert.deepEqual(fingerprint(editor.document), untouched, 'the buffer knows nothing of it');
    for (const { texts } of rewrite?.review?.candidates ?? []) assert.ok(!texts[0]?.includes('qzx'));
    assert.ok(objector.looked.includes(COPY_SCHEME), 'a copy was looked at');
    assert.ok(
      window.tabGroups.all.flatMap(({ tabs }) => tabs).length === 1 &&
        workspace.textDocuments.every(({ isDirty }) => !isDirty),
      'nothing else was opened, nothing is unsaved',
    );
    await commands.executeCommand('palimpsest.acceptRewrite');
    await until(() => rewrite?.ending, 'the end of the rewrite');
    assert.ok(!editor.document.getText().includes('qzx'));
    await until(() => languages.getDiagnostics(editor.document.uri).length === 0, 'no problem any more');
    await undoIn(editor.document);
    assert.equal(editor.document.getText(), PROGRAM);
  });

  it('mends the line before any of it is denoised, where the server has nothing against that', async () => {
    const text = 'def total(prices):\n    return sum(strange)\n';
    const editor = await openFile('mended.py', text);
    objector = new Objector('strange', { hints: false });
    const action = await actionAt(editor, editor.document.lineAt(1).range);
    assert.equal(await choose(action), 'shown');
    const rewrite = await rewriteOf(editor);
    assert.deepEqual(
      rewrite?.review?.candidates.map(({ texts }) => texts[0]),
      ['return sum(prices)', 'return sum(total)'],
    );
    assert.equal(editor.document.getText(), text);
    await commands.executeCommand('palimpsest.rejectRewrite');
  });

  it('has each of many candidates looked at, by a server that takes its time', async () => {
    const { document } = await openFile('slow.py', PROGRAM);
    objector = new Objector('qzx', { hints: false, delay: 250 });
    const problem = await until(() => languages.getDiagnostics(document.uri)[0], "the server's word");
    const { copies } = await (await internals()).palimpsest();
    const { signal } = new AbortController();
    const checker = await Checker.open(document, problem, copies, signal);
    const texts = Array.from({ length: 10 }, (_, i) => (i % 3 === 0 ? `# ${i}\n${PROGRAM}` : `# ${i}\n`));
    const wanted = texts.map((_, i) => (i % 3 === 0 ? 'still' : 'gone'));
    assert.deepEqual(await checker.check(texts, signal), wanted);
    await checker.close();
  });

  it('leaves copies empty, so that nothing is declared twice', async () => {
    const copies = workspace.textDocuments.filter(({ uri }) => uri.scheme === COPY_SCHEME);
    assert.ok(copies.length > 0);
    assert.deepEqual(
      copies.map((copy) => copy.getText()),
      copies.map(() => ''),
    );
  });

  it('tells once when nothing helps, and changes nothing', async () => {
    const editor = await openFile('hopeless.py', PROGRAM);
    // It stands outside of anything that a fix may change.
    objector = new Objector('path');
    const untouched = fingerprint(editor.document);
    const elsewhere = new Diagnostic(
      editor.document.lineAt(1).range,
      'No path here',
      DiagnosticSeverity.Error,
    );
    const outcome = await commands.executeCommand('palimpsest.fixProblem', editor.document.uri, elsewhere);
    assert.equal(outcome, 'none');
    assert.equal(await rewriteOf(editor), undefined);
    assert.deepEqual(fingerprint(editor.document), untouched);
    await commands.executeCommand('notifications.clearAll');
  });

  it('shows that it works before the model is there', async () => {
    const editor = await openFile('progress.py', PROGRAM);
    objector = new Objector('qzx');
    const palimpsest = await (await internals()).palimpsest();
    await palimpsest.engine.stop();
    const real = window.withProgress;
    const { launch } = palimpsest;
    let state: string | undefined;
    const seen = new Promise<void>((resolve) => {
      const heard = (options: ProgressOptions, ...rest: never[]) => {
        if (/fix/.test(options.title ?? '')) {
          state = palimpsest.engine.state.kind;
          resolve();
        }
        return Reflect.apply(real, window, [options, ...rest]);
      };
      Object.defineProperty(window, 'withProgress', { configurable: true, writable: true, value: heard });
    });
    // However fast the machine is, the engine is not there before the progress is.
    palimpsest.launch = async () => {
      await seen;
      return launch();
    };
    try {
      const [problem] = languages.getDiagnostics(editor.document.uri);
      const outcome = commands.executeCommand('palimpsest.fixProblem', editor.document.uri, problem);
      await seen;
      assert.notEqual(state, 'ready');
      assert.ok(['shown', 'none'].includes(String(await outcome)));
    } finally {
      palimpsest.launch = launch;
      Object.defineProperty(window, 'withProgress', { configurable: true, writable: true, value: real });
    }
    await commands.executeCommand('palimpsest.rejectRewrite');
    await commands.executeCommand('notifications.clearAll');
  });

  it('comes after the fixes of the language itself', async () => {
    const editor = await openFile('order.py', PROGRAM);
    objector = new Objector('qzx');
    const own = languages.registerCodeActionsProvider(
      { language: 'python', scheme: 'file' },
      { provideCodeActions: () => [new CodeAction('Of the language', CodeActionKind.QuickFix)] },
    );
    try {
      const { range } = editor.document.lineAt(1);
      await actionAt(editor, range);
      const all = await commands.executeCommand<CodeAction[]>(
        'vscode.executeCodeActionProvider',
        editor.document.uri,
        range,
        CodeActionKind.QuickFix.value,
      );
      const titles = all.map(({ title }) => title);
      assert.equal(titles[0], 'Of the language');
      assert.match(titles.at(-1) ?? '', /Palimpsest/);
    } finally {
      own.dispose();
    }
  });

  it('shows nothing where no server looks at copies, and says so', async () => {
    const editor = await openFile('blind.py', PROGRAM);
    objector = new Objector('qzx', { isBlind: ({ uri }) => uri.scheme === COPY_SCHEME });
    const action = await actionAt(editor, editor.document.lineAt(1).range);
    assert.equal(await choose(action), 'unchecked');
    assert.equal(await rewriteOf(editor), undefined);
    await commands.executeCommand('notifications.clearAll');
  });

  it('fixes the problem at the cursor, by key or palette', async () => {
    const editor = await openFile('cursor.py', PROGRAM);
    objector = new Objector('vvkj');
    editor.selection = new Selection(1, 0, 1, 0);
    assert.equal(await commands.executeCommand('palimpsest.fixProblem'), 'shown');
    await commands.executeCommand('palimpsest.rejectRewrite');
    editor.selection = new Selection(2, 0, 2, 0);
    assert.equal(await commands.executeCommand('palimpsest.fixProblem'), undefined);
    assert.equal(editor.document.getText(), PROGRAM);
  });

  it('shows its steps, and stands edits in other places', async () => {
    const editor = await openFile('steps.py', PROGRAM);
    objector = new Objector('qzx');
    const [problem] = languages.getDiagnostics(editor.document.uri);
    const progress = reported(/looking for a fix/);
    try {
      const fixing = await whileHeld(async () => {
        const fix = commands.executeCommand('palimpsest.fixProblem', editor.document.uri, problem);
        await until(() => progress.said.some((words) => /step \d/.test(words)), 'a step');
        const before = progress.said.slice(
          0,
          progress.said.findIndex((words) => /step \d/.test(words)),
        );
        assert.match(before.join('; '), /waiting for the (engine|model); .*reading the code around it$/);
        await editor.edit((edit) => {
          edit.insert(new Position(0, 0), '# first\n');
          edit.insert(editor.document.lineAt(2).range.end, ' or None');
        });
        return { fix };
      });
      assert.equal(await fixing.fix, 'shown');
      const rewrite = await rewriteOf(editor);
      assert.deepEqual(
        rewrite?.spans.map(({ old }) => old),
        ['qzx'],
      );
      await commands.executeCommand('palimpsest.acceptRewrite');
      await until(() => rewrite?.ending, 'the end of the rewrite');
      const [first, , third, fourth] = editor.document.getText().split('\n');
      assert.deepEqual([first, fourth], ['# first', '    return data or None']);
      assert.match(third ?? '', /^ {4}scripted/);
    } finally {
      progress.stop();
    }
  });

  it('is given up when its own place is edited meanwhile', async () => {
    const editor = await openFile('edited.py', PROGRAM);
    objector = new Objector('qzx');
    const [problem] = languages.getDiagnostics(editor.document.uri);
    assert.ok(problem);
    const progress = reported(/looking for a fix/);
    try {
      const fixing = await whileHeld(async () => {
        const fix = commands.executeCommand('palimpsest.fixProblem', editor.document.uri, problem);
        await until(() => progress.said.some((words) => /step \d/.test(words)), 'a step');
        await editor.edit((edit) => edit.insert(new Position(1, 5), '0'));
        return { fix };
      });
      assert.equal(await fixing.fix, 'changed');
    } finally {
      progress.stop();
    }
    assert.equal(await rewriteOf(editor), undefined);
    assert.equal(editor.document.getText(), PROGRAM.replace('qzx', 'q0zx'));
  });

  it('asks first where all places with all candidates take long, and begins with none where nobody wants it', async () => {
    const editor = await openFile('long.py', PROGRAM);
    objector = new Objector('qzx');
    const [problem] = languages.getDiagnostics(editor.document.uri);
    const fix = () => commands.executeCommand('palimpsest.fixProblem', editor.document.uri, problem);
    const { engine } = await (await internals()).palimpsest();
    const { client } = await engine.use(async (running) => running);
    const { estimate } = client;
    const asked: Parameters<typeof estimate>[0][] = [];
    const stop = replace(client, 'estimate', (...all: Parameters<typeof estimate>) => {
      asked.push(all[0]);
      return estimate.apply(client, all);
    });
    let heard = choosing('none of them');
    try {
      await withScript(MILLIS_A_LINE, '70000', async () => {
        assert.equal(await fix(), 'cancelled');
        assert.deepEqual(heard.said, [
          'Looking for a fix takes up to 2 min with this model on this machine.',
        ]);
        assert.equal(await rewriteOf(editor), undefined);
        assert.deepEqual(
          asked.map(({ text, spans, candidates = 0 }) => [
            spans.map(({ start, end }) => text.slice(start, end)).join(),
            candidates >= 4,
          ]),
          [
            // How long the line would be looked at, before anything is denoised.
            [GIBBERISH, false],
            [GIBBERISH, true],
            ['qzx', true],
          ],
        );
        heard.stop();
        heard = choosing('Look for a Fix Anyway');
        assert.equal(await fix(), 'shown');
        assert.equal(heard.said.length, 1);
        // What they waited for is no news when they want more of it.
        await commands.executeCommand('palimpsest.rewriteAgain');
        const rewrite = await rewriteOf(editor);
        await until(() => rewrite?.kind !== 'denoising', 'another answer, or the same');
        assert.equal(heard.said.length, 1, heard.said.join('\n'));
      });
    } finally {
      stop();
      heard.stop();
    }
    await commands.executeCommand('palimpsest.rejectRewrite');
  });

  it('is given up for a newer one, and by the extension', async () => {
    const editor = await openFile('newer.py', PROGRAM);
    objector = new Objector('qzx');
    const [problem] = languages.getDiagnostics(editor.document.uri);
    const fix = () => commands.executeCommand('palimpsest.fixProblem', editor.document.uri, problem);
    const first = fix();
    const second = fix();
    assert.deepEqual([await first, await second], ['cancelled', 'shown']);
  });

  it('looks for more fixes when another seed is asked for', async () => {
    const editor = await openFile('more.py', PROGRAM);
    objector = new Objector('qzx');
    assert.equal(await choose(await actionAt(editor, editor.document.lineAt(1).range)), 'shown');
    const rewrite = await rewriteOf(editor);
    const looks = () => objector?.looked.filter((scheme) => scheme === COPY_SCHEME).length ?? 0;
    const before = looks();
    await commands.executeCommand('palimpsest.rewriteAgain');
    await until(() => rewrite?.kind === 'reviewing', 'another answer, or the same');
    assert.ok(looks() > before, 'a copy was looked at again');
    for (const { texts } of rewrite?.review?.candidates ?? []) assert.ok(!texts[0]?.includes('qzx'));
    assert.equal(editor.document.getText(), PROGRAM);
  });

  it('is shown in untitled text, with its line ends', async () => {
    const content = PROGRAM.replaceAll('\n', '\r\n');
    const document = await workspace.openTextDocument({ language: 'python', content });
    const editor = await window.showTextDocument(document);
    objector = new Objector('qzx');
    const untouched = fingerprint(document);
    assert.equal(await choose(await actionAt(editor, document.lineAt(1).range)), 'shown');
    assert.deepEqual(fingerprint(document), untouched);
    const rewrite = await rewriteOf(editor);
    await commands.executeCommand('palimpsest.acceptRewrite');
    await until(() => rewrite?.ending, 'the end of the rewrite');
    assert.ok(!document.getText().includes('qzx'));
    assert.ok(!document.getText().replaceAll('\r\n', '').includes('\n'));
    await undoIn(document);
    assert.equal(document.getText(), content);
    await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('fails without a trace when the engine dies, and works again after', async () => {
    const { engine } = await (await internals()).palimpsest();
    const editor = await openFile('killed.py', PROGRAM);
    objector = new Objector('qzx');
    const untouched = fingerprint(editor.document);
    const [problem] = languages.getDiagnostics(editor.document.uri);
    const fix = () => commands.executeCommand('palimpsest.fixProblem', editor.document.uri, problem);
    const fixing = fix();
    // The engine is asked, or is about to be: either way it does not answer.
    await until(() => engine.pid !== undefined && isAlive(engine.pid), 'an engine');
    process.kill(engine.pid ?? -1, 'SIGKILL');
    assert.ok(['failed', 'shown'].includes(String(await fixing)), 'an end, one way or the other');
    assert.deepEqual(fingerprint(editor.document), untouched);
    await commands.executeCommand('palimpsest.rejectRewrite');
    await commands.executeCommand('notifications.clearAll');
    assert.equal(await fix(), 'shown');
  });

  it('offers nothing where it is switched off, nor in files that hold secrets', async () => {
    const editor = await openFile('off.py', PROGRAM);
    objector = new Objector('qzx');
    await actionAt(editor, editor.document.lineAt(1).range);
    await configure('quickFix.enabled', false);
    assert.deepEqual(await actionsAt(editor, editor.document.lineAt(1).range), []);
    await configure('quickFix.enabled', undefined);
    const secret = await openFile('secrets.yaml', 'a: qzx\n');
    assert.deepEqual(await actionsAt(secret, secret.document.lineAt(0).range), []);
  });

  it('offers nothing where nobody can edit', async () => {
    const texts = workspace.registerTextDocumentContentProvider('readable', {
      provideTextDocumentContent: () => PROGRAM,
    });
    try {
      objector = new Objector('qzx');
      const opened = await workspace.openTextDocument(Uri.parse('readable:/shown.py'));
      const editor = await window.showTextDocument(opened);
      const { range } = opened.lineAt(1);
      await until(() => languages.getDiagnostics(opened.uri).length > 0, 'a problem');
      assert.deepEqual(await actionsAt(editor, range), []);
      const rewrites = await commands.executeCommand<CodeAction[]>(
        'vscode.executeCodeActionProvider',
        opened.uri,
        range,
        CodeActionKind.RefactorRewrite.value,
      );
      assert.deepEqual(
        rewrites.filter(({ title }) => title.includes('Palimpsest')),
        [],
      );
    } finally {
      texts.dispose();
    }
  });

  it("is checked by VS Code's TypeScript server, on a copy of a file that it knows nothing of", async () => {
    const text = [
      'export function area(width: number, height: number): number {',
      '  return width * heigth;',
      '}',
      'export const one = area(1, 1);',
      '',
    ].join('\n');
    const editor = await openFile('area.ts', text);
    const { document } = editor;
    const untouched = fingerprint(document);
    const problem = await until(
      () => languages.getDiagnostics(document.uri).find(({ message }) => message.includes('heigth')),
      "the TypeScript server's word",
    );
    const { copies } = await (await internals()).palimpsest();
    const { signal } = new AbortController();
    const checker = await Checker.open(document, problem, copies, signal);
    assert.ok(checker.isAble, 'the server looks at copies');
    const verdictOf = async (fresh: string) =>
      (await checker.check([text.replace('width * heigth', fresh)], signal))[0];
    assert.equal(await verdictOf('width * height'), 'gone');
    assert.equal(await verdictOf('heigth'), 'still');
    assert.equal(await verdictOf('width * hight'), 'traded');
    assert.equal(await verdictOf('width.length'), 'traded');
    assert.equal(await verdictOf('width + height'), 'gone');
    await checker.close();
    assert.deepEqual(fingerprint(document), untouched);
    const errors = languages
      .getDiagnostics(document.uri)
      .filter(({ severity }) => severity === problem.severity);
    assert.deepEqual(
      errors.map(({ message }) => message),
      [problem.message],
      'the file itself has the same problem, and no other',
    );

    const { engine } = await (await internals()).palimpsest();
    const stop = replace(engine, 'use', () => assert.fail('a misspelt name takes no model'));
    try {
      assert.equal(await choose(await actionAt(editor, problem.range)), 'shown');
    } finally {
      stop();
    }
    assert.deepEqual(fingerprint(document), untouched);
    const rewrite = await rewriteOf(editor);
    assert.deepEqual(
      rewrite?.review?.candidates.map(({ texts }) => texts),
      [['height']],
    );
    await commands.executeCommand('palimpsest.acceptRewrite');
    await until(() => rewrite?.ending, 'the end of the rewrite');
    assert.equal(document.getText(), text.replace('heigth', 'height'));
    await undoIn(document);
  });

  it('is checked with the types of the neighbours that the file imports', async () => {
    await openFile('shapes.ts', 'export function square(side: number): number {\n  return side * side;\n}\n');
    const text = "import { square } from './shapes';\n\nexport const nine = square('3');\n";
    const { document } = await openFile('nine.ts', text);
    const problem = await until(
      () => languages.getDiagnostics(document.uri).find(({ message }) => message.includes('string')),
      "the TypeScript server's word",
    );
    const { copies } = await (await internals()).palimpsest();
    const { signal } = new AbortController();
    const checker = await Checker.open(document, problem, copies, signal);
    assert.ok(checker.isAble, 'the server knows the neighbour');
    const texts = [
      text.replace("'3'", '3'),
      text.replace("'3'", "'4'"),
      text.replace("square('3')", 'circle(3)'),
    ];
    assert.deepEqual(await checker.check(texts, signal), ['gone', 'still', 'traded']);
    await checker.close();
  });

  it('is checked where the server only suggests: a name that nobody uses', async () => {
    const text = 'export function area(width: number): number {\n  const height = 3;\n  return width;\n}\n';
    const { document } = await openFile('unused.ts', text);
    const problem = await until(
      () => languages.getDiagnostics(document.uri).find(({ message }) => message.includes("'height'")),
      "the TypeScript server's word",
    );
    assert.equal(problem.severity, DiagnosticSeverity.Hint);
    const { copies } = await (await internals()).palimpsest();
    const { signal } = new AbortController();
    const checker = await Checker.open(document, problem, copies, signal);
    assert.ok(checker.isAble, 'the server says so of the copy, too');
    const texts = [text.replace('return width', 'return width * height'), text.replace('3', '4')];
    assert.deepEqual(await checker.check(texts, signal), ['gone', 'still']);
    await checker.close();
  });
});
