// Asks what is wanted, of models that take instructions; of one that takes none says so before anybody has typed, with the way to
// one that does.
import { commands, l10n, type Memento, type TextEditor, window } from 'vscode';
import { toEngineError } from '../../../engine/errors';
import type { ModelDescription } from '../../../engine/protocol';
import type { EngineSupervisor } from '../../engine/supervisor';
import { say } from '../../ui/statusMessage';
import { InstructionHistory } from './history';
import { InstructionInput } from './input';

export class Instructions {
  readonly history: InstructionHistory;
  private input: InstructionInput | undefined;

  constructor(
    private readonly engine: EngineSupervisor,
    state: Memento,
  ) {
    this.history = new InstructionHistory(state);
  }

  /**
   * `given`: one that needs not be asked for. Undefined: nothing is wanted after all, or the model takes none. Where it had to be
   * loaded, and the person has gone on with something else meanwhile, no input comes between. Rejects with EngineError.
   */
  async ask(editor: TextEditor, given?: string): Promise<string | undefined> {
    const { document, selections } = editor;
    const { version } = document;
    const model = await this.model();
    if (!model.takesInstruction) {
      void offerModels(model);
      return undefined;
    }
    if (given !== undefined) return given;
    const isWhereItWas =
      window.activeTextEditor === editor &&
      document.version === version &&
      editor.selections.every((one, i) => one.isEqual(selections[i] ?? one));
    if (!isWhereItWas) {
      say(l10n.t('Palimpsest: the model is loaded. Run “Edit by Instruction…” again.'));
      return undefined;
    }
    this.input?.dispose();
    const input = new InstructionInput(l10n.t('Edit by Instruction ({0})', model.name), this.history);
    this.input = input;
    const instruction = await input.ask();
    if (this.input === input) this.input = undefined;
    return instruction;
  }

  dispose(): void {
    this.input?.dispose();
  }

  private async model(): Promise<ModelDescription> {
    try {
      return await this.engine.use(async ({ model }) => model, { revive: true });
    } catch (error) {
      throw toEngineError(error);
    }
  }
}

async function offerModels({ name }: ModelDescription): Promise<void> {
  const choose = l10n.t('Choose Model…');
  const chosen = await window.showInformationMessage(
    l10n.t(
      'The model {0} does not take instructions; it fills in what fits the surrounding code. Models with a chat template do, such as Stable-DiffCoder Instruct, Dream-Coder, SDAR, or Qwen2.5-Coder Instruct.',
      name,
    ),
    choose,
  );
  if (chosen === choose) await commands.executeCommand('palimpsest.chooseModel');
}
