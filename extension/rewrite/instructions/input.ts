// The line in which a person says what is wanted, with what they wanted before below it.
import { l10n, type QuickInputButton, type QuickPick, type QuickPickItem, ThemeIcon, window } from 'vscode';
import { Disposables } from '../../common/disposables';
import { chosenOf, type InstructionHistory, type InstructionRow, LONGEST, rowsFor } from './history';

interface Item extends QuickPickItem {
  readonly row: InstructionRow;
}

export class InstructionInput {
  private readonly owned = new Disposables();
  private readonly pick: QuickPick<Item>;
  private readonly forget: QuickInputButton = {
    iconPath: new ThemeIcon('close'),
    tooltip: l10n.t('Remove from History'),
  };
  private done: ((instruction: string | undefined) => void) | undefined;

  constructor(
    title: string,
    private readonly history: InstructionHistory,
  ) {
    this.pick = this.owned.add(window.createQuickPick<Item>());
    this.pick.title = title;
    this.pick.placeholder = l10n.t('Describe the change, for example: add a docstring');
    this.pick.ignoreFocusOut = true;
    this.pick.value = history.draft;
    this.list();
    this.owned.add(this.pick.onDidChangeValue(() => this.list()));
    this.owned.add(this.pick.onDidAccept(() => this.accept()));
    this.owned.add(this.pick.onDidHide(() => this.close(undefined)));
    this.owned.add(
      this.pick.onDidTriggerItemButton(async ({ item }) => {
        await this.history.forget(item.row.instruction);
        this.list();
      }),
    );
  }

  /** What was sent; undefined: nothing, and what was typed is there the next time. */
  ask(): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.done = resolve;
      this.pick.show();
    });
  }

  dispose(): void {
    this.close(undefined);
  }

  private list(): void {
    this.pick.items = rowsFor(this.pick.value, this.history.entries).map((row) => this.itemOf(row));
  }

  private itemOf(row: InstructionRow): Item {
    const { kind, instruction } = row;
    if (kind === 'earlier') {
      return { row, label: instruction, iconPath: new ThemeIcon('history'), buttons: [this.forget] };
    }
    const label =
      kind === 'typed' ? instruction : l10n.t('An instruction can have up to {0} characters.', LONGEST);
    return { row, label, alwaysShow: true, iconPath: new ThemeIcon('comment') };
  }

  private accept(): void {
    const [active = this.pick.items[0]] = this.pick.activeItems;
    const chosen = chosenOf(active?.row, this.pick.value);
    if (chosen !== undefined) this.close(chosen);
  }

  private close(instruction: string | undefined): void {
    const { done } = this;
    if (done === undefined) return;
    this.done = undefined;
    const { value } = this.pick;
    this.owned.dispose();
    void (instruction === undefined ? this.history.keepDraft(value) : this.history.remember(instruction));
    done(instruction);
  }
}
