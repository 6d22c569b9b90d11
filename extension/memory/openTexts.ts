// The texts of other open files, for the engine to copy from: what a person has looked at last comes first, and nothing that
// may not be read is among them.
import { TabInputText, TabInputTextDiff, type TextDocument, type Uri, window, workspace } from 'vscode';
import { Disposables } from '../common/disposables';
import { isEditable } from '../documents/editable';
import { notebookOf } from '../documents/notebookOf';
import type { Exclusions } from '../privacy/exclusions';
import { privacySettings } from '../settings';

const MOST = 8;
/** UTF-16 units of one, and of all: they are sent with each request. */
const LONGEST = 100_000;
const LONGEST_ALL = 250_000;
const REMEMBERED = 50;

export class OpenTexts {
  private readonly owned = new Disposables();
  /** Newest first. */
  private seen: string[] = [];

  constructor(private readonly exclusions: Exclusions) {
    for (const { document } of [...window.visibleTextEditors].reverse()) this.see(document);
    if (window.activeTextEditor !== undefined) this.see(window.activeTextEditor.document);
    this.owned.add(
      window.onDidChangeActiveTextEditor((editor) => {
        if (editor !== undefined) this.see(editor.document);
      }),
    );
  }

  /** Documents that a text at `uri` may copy from, nearest first; a notebook's own cells are nearest. */
  near(uri: Uri): readonly TextDocument[] {
    if (!privacySettings(uri).copyFromOpenFiles) return [];
    const key = uri.toString();
    const cells =
      notebookOf(uri)
        ?.getCells()
        .map((cell) => cell.document) ?? [];
    const at = cells.findIndex((cell) => cell.uri.toString() === key);
    const neighbours = cells
      .map((cell, index) => ({ cell, distance: Math.abs(index - at) }))
      .filter(({ cell, distance }) => distance > 0 && cell.languageId === cells[at]?.languageId)
      .sort((a, b) => a.distance - b.distance)
      .map(({ cell }) => cell);
    const others = this.inTabs().filter((other) => other.uri.toString() !== key && !cells.includes(other));
    return [...neighbours, ...others];
  }

  /** Their texts, without those that may not be read and those that somebody has already. */
  async textsNear(
    uri: Uri,
    isHeld: (document: TextDocument) => boolean = () => false,
  ): Promise<readonly string[]> {
    return this.textsOf(this.near(uri).filter((document) => !isHeld(document)));
  }

  /** Another one whenever `textsNear` may give other texts. */
  stamp(uri: Uri): string {
    return this.near(uri)
      .map((other) => `${other.uri.toString()}@${other.version}`)
      .join('\n');
  }

  dispose(): void {
    this.owned.dispose();
  }

  private async textsOf(documents: readonly TextDocument[]): Promise<readonly string[]> {
    const texts: string[] = [];
    let room = LONGEST_ALL;
    for (const document of documents) {
      if (texts.length === MOST) break;
      const text = document.getText();
      if (text.trim() === '' || text.length > Math.min(LONGEST, room) || text.includes('\0')) continue;
      if ((await this.exclusions.whyText(document, text)) !== undefined) continue;
      texts.push(text);
      room -= text.length;
    }
    return texts;
  }

  /** Only what a person has a tab of: language servers open many more. */
  inTabs(): readonly TextDocument[] {
    const tabs = new Set(
      window.tabGroups.all
        .flatMap(({ tabs }) => tabs)
        .flatMap(({ input }) => {
          if (input instanceof TabInputText) return [input.uri.toString()];
          return input instanceof TabInputTextDiff ? [input.modified.toString()] : [];
        }),
    );
    const rank = (document: TextDocument) => {
      const index = this.seen.indexOf(document.uri.toString());
      return index < 0 ? REMEMBERED : index;
    };
    return workspace.textDocuments
      .filter(({ uri }) => isEditable(uri) && tabs.has(uri.toString()))
      .sort((a, b) => rank(a) - rank(b));
  }

  private see({ uri }: TextDocument): void {
    const key = uri.toString();
    this.seen = [key, ...this.seen.filter((other) => other !== key)].slice(0, REMEMBERED);
  }
}
