// What the suites share: the extension's inside, documents to try things on, and waiting for what a person would see.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before } from 'mocha';
import {
  ConfigurationTarget,
  commands,
  EndOfLine,
  extensions,
  Position,
  type Progress,
  ProgressLocation,
  type ProgressOptions,
  Selection,
  TabInputTextDiff,
  type TextDocument,
  type TextEditor,
  Uri,
  window,
  workspace,
} from 'vscode';
import type { Exported, Internals } from '../../extension/extension';
import type { Rewrite } from '../../extension/rewrite/rewrite';
import { HOLD } from './scriptedModel';

export async function internals(): Promise<Internals> {
  const extension = extensions.getExtension<Exported>('palimpsest.palimpsest');
  assert.ok(extension, 'the extension is there');
  const api = await extension.activate();
  assert.ok(api.internals, 'the host runs tests');
  return api.internals;
}

/** Probing every provider is the engine's own test; here it would only take time. */
export async function useCpu(): Promise<void> {
  await configure('engine.provider', 'cpu');
}

/** `undefined`: as the suites find it. */
export async function configure(name: string, value: unknown): Promise<void> {
  const usual = value ?? TEST_SETTINGS[name];
  await workspace.getConfiguration('palimpsest').update(name, usual, ConfigurationTarget.Global);
}

/** The smaller of the included models: with the other one, everything would only take longer. */
const TEST_SETTINGS: Readonly<Record<string, unknown>> = { 'model.path': 'starter' };

const LIMIT_MILLIS = 30_000;

/** Polls: what is waited for has no event of its own in the editor's API. */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  every = 15,
): Promise<T> {
  for (const start = Date.now(); Date.now() - start < LIMIT_MILLIS; ) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, every));
  }
  throw new Error(`Not seen within ${LIMIT_MILLIS / 1000} s: ${what} (${whereItIs()}).`);
}

/** What a person would see who looks: where the focus is decides what the editor shows. */
function whereItIs(): string {
  const { activeTextEditor, state, tabGroups } = window;
  const place = activeTextEditor?.selection.active;
  return [
    `the window ${state.focused ? 'has' : 'does not have'} the focus`,
    `in front ${tabGroups.activeTabGroup.activeTab?.label ?? 'nothing'}`,
    place === undefined ? 'no cursor' : `the cursor at ${place.line + 1}:${place.character + 1}`,
  ].join(', ');
}

/** No model writes this by itself, so every answer is a change. */
export const GIBBERISH = 'qzx = vvkj(77731) // wqp';

/** A saved file, so that its dirty flag means something. */
export async function openFile(name: string, text: string): Promise<TextEditor> {
  const [folder] = workspace.workspaceFolders ?? [];
  assert.ok(folder, 'a folder is open');
  const uri = Uri.joinPath(folder.uri, name);
  await workspace.fs.writeFile(uri, Buffer.from(text));
  const document = await workspace.openTextDocument(uri);
  // A document that the editor still remembers from before takes the file's new text with a delay.
  await until(() => document.getText() === text, `${name} with its text`);
  const editor = await window.showTextDocument(document, { preview: false });
  // One that was closed meanwhile is read again.
  await until(() => editor.document.getText() === text, `${name} with its text, shown`);
  // The editor remembers where the cursor was in a file of that name.
  editor.selection = new Selection(0, 0, 0, 0);
  return editor;
}

/**
 * Selects these lines, and waits until the editor has told of it: what it tells late of another selection, as of one that the
 * extension has just made, stands in the place of this one until then.
 */
export async function select(
  editor: TextEditor,
  ...lines: readonly (readonly [number, number])[]
): Promise<void> {
  const isIt = (selections: readonly Selection[]) =>
    selections.length === lines.length &&
    selections.every(
      ({ start, end }, i) =>
        start.isEqual(new Position(lines[i]?.[0] ?? 0, 0)) &&
        end.isEqual(editor.document.lineAt(lines[i]?.[1] ?? 0).range.end),
    );
  // Nothing is told of what is so already.
  if (isIt(editor.selections)) return;
  await new Promise<void>((resolve) => {
    const listening = window.onDidChangeTextEditorSelection(({ textEditor, selections }) => {
      if (textEditor !== editor || !isIt(selections)) return;
      listening.dispose();
      resolve();
    });
    editor.selections = lines.map(
      ([first, last]) => new Selection(new Position(first, 0), editor.document.lineAt(last).range.end),
    );
  });
}

/** All that a rewrite may not change before it is accepted. */
export function fingerprint(document: TextDocument): unknown {
  const { version, isDirty, eol } = document;
  return { text: document.getText(), version, isDirty, eol: EndOfLine[eol] };
}

export async function startRewrite(editor: TextEditor): Promise<Rewrite> {
  const { rewrites } = await (await internals()).palimpsest();
  await commands.executeCommand('palimpsest.rewriteSelection');
  return until(() => rewrites.of(editor.document.uri), 'a rewrite');
}

/** Waits for the end of a denoise. What the gate holds back is shown: these tests are not about how good an answer is. */
export async function denoised(rewrite: Rewrite | undefined): Promise<void> {
  for (;;) {
    await until(() => rewrite?.kind !== 'denoising', 'the end of the denoise');
    if (rewrite?.kind !== 'refused') return;
    // A line that was only looked at is denoised now.
    rewrite.dispatch({ kind: 'show-anyway' });
  }
}

/** Asks for a rewrite and waits for its review: the scripted engine's answer is always a change. */
export async function reviewOf(editor: TextEditor): Promise<Rewrite> {
  const rewrite = await startRewrite(editor);
  await denoised(rewrite);
  assert.equal(rewrite.kind, 'reviewing', `there is an answer (${rewrite.ending})`);
  return rewrite;
}

/** Asks for a rewrite and waits for whatever the real model makes of it: it may find the text good as it is. */
export async function answerTo(editor: TextEditor): Promise<Rewrite> {
  const rewrite = await startRewrite(editor);
  await denoised(rewrite);
  assert.ok(rewrite.kind === 'reviewing' || rewrite.ending === 'unchanged', rewrite.ending);
  return rewrite;
}

export async function closeEverything(): Promise<void> {
  // Hidden tabs, too: what is dirty would be asked about.
  for (const document of workspace.textDocuments) {
    if (document.isDirty && !document.isClosed) {
      await window.showTextDocument(document);
      await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    }
  }
  await commands.executeCommand('workbench.action.closeAllEditors');
}

/** The editor's own undo, in the document's own editor: a diff editor of an accepted review takes a moment to close. */
export async function undoIn(document: TextDocument): Promise<void> {
  await until(
    () =>
      window.activeTextEditor?.document === document &&
      !(window.tabGroups.activeTabGroup.activeTab?.input instanceof TabInputTextDiff),
    'the document in front',
  );
  await commands.executeCommand('undo');
}

/** What the extension says to the person from here on, in pop-ups; the editor shows them all the same. */
export function messages(): { readonly said: string[]; readonly stop: () => void } {
  return listening((show, words) => Reflect.apply(show, window, words));
}

/** `answer` has the editor's own function and what it was called with. */
function listening(answer: (show: (...words: never[]) => unknown, words: unknown[]) => unknown): {
  readonly said: string[];
  readonly stop: () => void;
} {
  const said: string[] = [];
  const names = ['showErrorMessage', 'showWarningMessage', 'showInformationMessage'] as const;
  const stops = names.map((name) => {
    const show = window[name];
    return replace(window, name, (message: string, ...rest: unknown[]) => {
      said.push(message);
      return answer(show, [message, ...rest]);
    });
  });
  return {
    said,
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}

/** Puts a function in place of one of the editor's; returns what puts that one back. */
export function replace<O extends object>(
  owner: O,
  name: keyof O,
  by: (...args: never[]) => unknown,
): () => void {
  const own = owner[name];
  const set = (value: unknown) =>
    Object.defineProperty(owner, name, { configurable: true, writable: true, value });
  set(by);
  return () => set(own);
}

/** As `messages`, but nothing is shown: whoever is asked chooses the button of this title, where there is one. */
export function choosing(title: string): ReturnType<typeof messages> {
  return listening((_show, [, ...rest]) => Promise.resolve(rest.find((one) => one === title)));
}

/** Titles of the notifications that the extension shows from here on while something goes on; a screen reader reads them aloud. */
export function announcements(): { readonly said: string[]; readonly stop: () => void } {
  const said: string[] = [];
  const show = window.withProgress;
  const stop = replace(window, 'withProgress', (options: ProgressOptions, ...rest: never[]) => {
    if (options.location === ProgressLocation.Notification) said.push(options.title ?? '');
    return Reflect.apply(show, window, [options, ...rest]);
  });
  return { said, stop };
}

/** What is said in the status bar from here on. */
export function statusMessages(): { readonly said: string[]; readonly stop: () => void } {
  const said: string[] = [];
  const show = window.setStatusBarMessage;
  const stop = replace(window, 'setStatusBarMessage', (text: string, ...rest: never[]) => {
    said.push(text);
    return Reflect.apply(show, window, [text, ...rest]);
  });
  return { said, stop };
}

/** Commands that the extension runs from here on. */
export function executed(): { readonly names: string[]; readonly stop: () => void } {
  const names: string[] = [];
  const execute = commands.executeCommand;
  const stop = replace(commands, 'executeCommand', (name: string, ...rest: never[]) => {
    names.push(name);
    return Reflect.apply(execute, commands, [name, ...rest]);
  });
  return { names, stop };
}

/** What a progress of such a title reports from here on. */
export function reported(title: RegExp): { readonly said: string[]; readonly stop: () => void } {
  const said: string[] = [];
  const show = window.withProgress;
  type Task = (progress: Progress<{ message?: string }>, ...rest: unknown[]) => Thenable<unknown>;
  const stop = replace(window, 'withProgress', (options: ProgressOptions, task: Task) => {
    const listening: Task = (progress, ...rest) =>
      task(
        {
          report: (value) => {
            if (title.test(options.title ?? '')) said.push(value.message ?? '');
            progress.report(value);
          },
        },
        ...rest,
      );
    return Reflect.apply(show, window, [options, listening]);
  });
  return { said, stop };
}

/** A program and a long span of it (lines `FIRST` to `LAST`) whose denoise takes a hundred steps. */
export const LONG_TEXT = fs.readFileSync(path.join(__dirname, '../../docs/samples/rateLimiter.ts'), 'utf8');
export const FIRST = 5;
export const LAST = 50;

/**
 * The engine of the whole suite is a scripted one (scriptedModel.ts): a real process, and the same answers on every
 * machine, whatever the model knows.
 */
export function useScriptedEngine(): void {
  let restore: (() => Promise<void>) | undefined;
  before(async () => {
    await useCpu();
    const palimpsest = await (await internals()).palimpsest();
    const { launch } = palimpsest;
    scripted = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-scripted-'));
    const modelFolder = scripted;
    palimpsest.launch = async () => ({
      ...(await launch()),
      script: path.join(__dirname, 'scriptedEngine.js'),
      modelFolder,
    });
    restore = async () => {
      palimpsest.launch = launch;
      scripted = undefined;
      await palimpsest.engine.stop();
      fs.rmSync(modelFolder, { recursive: true, force: true });
    };
    await palimpsest.engine.stop();
  });
  after(() => restore?.());
}

/** The folder of the scripted model, while it is the suite's. */
let scripted: string | undefined;

/**
 * Holds the scripted engine in the middle of a denoise, behind its first frames, while `act` does what a person or another
 * extension may do meanwhile.
 */
export function whileDenoising(
  begin: () => Promise<Rewrite>,
  act: (rewrite: Rewrite) => unknown,
): Promise<Rewrite> {
  return whileHeld(async () => {
    const rewrite = await begin();
    await until(() => !rewrite.denoise.isWaiting || rewrite.kind !== 'denoising', 'a denoise step');
    assert.equal(rewrite.kind, 'denoising', rewrite.ending);
    await act(rewrite);
    return rewrite;
  });
}

/** The same for whatever else has the engine denoise. */
export function whileHeld<T>(act: () => Promise<T>, behindStep = 2): Promise<T> {
  return withScript(HOLD, String(behindStep), act);
}

/** With a file in the scripted model's folder, by which it behaves otherwise. */
export async function withScript<T>(name: string, content: string, act: () => Promise<T>): Promise<T> {
  assert.ok(scripted, 'the suite has a scripted engine');
  const file = path.join(scripted, name);
  fs.writeFileSync(file, content);
  try {
    return await act();
  } finally {
    fs.rmSync(file);
  }
}

/** As in a window whose workspace nobody has said to trust: only a restart would make one of this. */
export async function whileUntrusted<T>(act: () => Promise<T>): Promise<T> {
  const real = Object.getOwnPropertyDescriptor(workspace, 'isTrusted');
  assert.ok(real);
  Object.defineProperty(workspace, 'isTrusted', { configurable: true, get: () => false });
  try {
    return await act();
  } finally {
    Object.defineProperty(workspace, 'isTrusted', real);
    assert.equal(workspace.isTrusted, true);
  }
}

/** Engines that this extension host has started. */
export function enginesOfThisHost(): number[] {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((found) => Number(found?.[2]) === process.pid && !found?.[3]?.startsWith('Z'))
    .filter((found) => /engine\.js|scriptedEngine\.js/.test(found?.[4] ?? ''))
    .map((found) => Number(found?.[1]));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
