// A rewrite that was interrupted, by a crash, a reload, or another model, is offered again. It is never started by itself: the
// person may have moved on, and the engine may die of it again.
import { l10n, type TextDocument, type TextEditor, Uri, window, workspace } from 'vscode';
import { say } from '../../ui/statusMessage';
import { stands, type Unfinished, type UnfinishedRewrites } from './unfinished';

export interface OfferServices {
  readonly unfinished: UnfinishedRewrites;
  /** Says why where it may not. */
  readonly mayRewrite: (document: TextDocument) => Promise<boolean>;
  readonly start: (editor: TextEditor, unfinished: Unfinished) => void;
}

export type Interruption = 'window-closed' | 'engine-restarted' | 'model-changed' | 'server-changed';

export class RewriteOffers {
  /** Nobody is told twice: one choice may change several settings, and each of them the engine. */
  private readonly told = new Set<string>();

  constructor(private readonly services: OfferServices) {}

  /** The button for a message that is about the interruption anyway; undefined where nothing was interrupted. */
  get button(): { readonly title: string; readonly run: () => Promise<void> } | undefined {
    if (this.services.unfinished.interrupted.length === 0) return undefined;
    return { title: l10n.t('Rewrite Again'), run: () => this.startAll() };
  }

  /** Says what was interrupted, if anything was. Resolves when the person has answered. */
  async tell(why: Interruption): Promise<void> {
    const { button } = this;
    if (button === undefined) return;
    const { interrupted } = this.services.unfinished;
    if (interrupted.every(({ id }) => this.told.has(id))) return;
    for (const { id } of interrupted) this.told.add(id);
    const waiting = interrupted.reduce((sum, one) => sum + one.waiting.length, 0);
    const sentence = wordsOf(why, interrupted);
    const chosen = await window.showInformationMessage(
      waiting === 0 ? sentence : l10n.t('{0} Pieces that were waiting: {1}.', sentence, waiting),
      button.title,
    );
    if (chosen === button.title) await button.run();
    else this.forget(interrupted);
  }

  /** Nobody wants them back. */
  forget(all: readonly Unfinished[] = this.services.unfinished.interrupted): void {
    const { unfinished } = this.services;
    const given = new Set(all.map(({ id }) => id));
    // What was begun again meanwhile goes on, or was interrupted again and has an offer of its own.
    for (const { id, uri } of unfinished.interrupted) if (given.has(id)) unfinished.end(uri);
  }

  private async startAll(): Promise<void> {
    // Those that wait for their turn hear of it a moment later than the one whose turn it was.
    await new Promise((resolve) => setTimeout(resolve));
    for (const one of this.services.unfinished.interrupted) {
      if (!(await this.start(one))) this.services.unfinished.end(one.uri);
    }
  }

  private async start(one: Unfinished): Promise<boolean> {
    const { mayRewrite, start } = this.services;
    const document = await open(one);
    if (document === undefined) {
      say(l10n.t('Palimpsest: {0} no longer exists.', nameOf(one)));
      return false;
    }
    const editor = await window.showTextDocument(document, { preview: false });
    if (!(await mayRewrite(document))) return false;
    if (!stands(document.getText(), [...one.spans, ...one.waiting])) {
      say(l10n.t('Palimpsest: {0} has changed since then. Select what you want to rewrite.', nameOf(one)));
      return false;
    }
    start(editor, one);
    return true;
  }
}

/** A file may be gone, and an untitled document with its window. */
async function open({ uri }: Unfinished): Promise<TextDocument | undefined> {
  try {
    return await workspace.openTextDocument(Uri.parse(uri, true));
  } catch {
    return undefined;
  }
}

function wordsOf(why: Interruption, all: readonly Unfinished[]): string {
  const names = all.map(nameOf).join(', ');
  if (why === 'window-closed') {
    return all.length === 1
      ? l10n.t('The rewrite of {0} was interrupted when the window closed.', names)
      : l10n.t('{0} rewrites were interrupted when the window closed: {1}.', all.length, names);
  }
  if (why === 'model-changed') {
    return all.length === 1
      ? l10n.t('The rewrite of {0} was interrupted because the model or its settings changed.', names)
      : l10n.t(
          '{0} rewrites were interrupted because the model or its settings changed: {1}.',
          all.length,
          names,
        );
  }
  if (why === 'server-changed') {
    return all.length === 1
      ? l10n.t('The rewrite of {0} was interrupted because the server or its permission changed.', names)
      : l10n.t(
          '{0} rewrites were interrupted because the server or its permission changed: {1}.',
          all.length,
          names,
        );
  }
  return all.length === 1
    ? l10n.t('The rewrite of {0} was interrupted because the engine was restarted.', names)
    : l10n.t('{0} rewrites were interrupted because the engine was restarted: {1}.', all.length, names);
}

function nameOf({ uri }: Unfinished): string {
  const { path } = Uri.parse(uri);
  return path.slice(path.lastIndexOf('/') + 1);
}
