// Asks describes the change, for models that take instructions; tells of a model that takes none before anybody has typed.
import { l10n, window } from 'vscode';
import { toEngineError } from '../../engine/errors';
import type { ModelDescription } from '../../engine/protocol';
import { setContext } from '../common/contextKeys';
import type { EngineState, EngineSupervisor } from '../engine/supervisor';

export class Instructions {
  /** The last one: what is wanted of one place is often wanted of the next. */
  private last = '';

  constructor(private readonly engine: EngineSupervisor) {}

  /** The command is in the menus only while the model that runs takes an instruction. */
  modelChanged(state: EngineState): void {
    const takes = state.kind === 'ready' && state.model.takesInstruction;
    setContext('palimpsest.takesInstruction', takes);
  }

  /** Undefined where nothing is wanted after all, or the model takes none. Rejects with EngineError. */
  async ask(): Promise<string | undefined> {
    const model = await this.model();
    if (!model.takesInstruction) {
      void window.showInformationMessage(
        l10n.t(
          'Palimpsest: {0} does not take instructions; it fills in what fits the surrounding code. To give instructions, choose another model (palimpsest.model.path).',
          model.familyTitle,
        ),
      );
      return undefined;
    }
    const instruction = await window.showInputBox({
      title: l10n.t('Rewrite with {0}', model.name),
      prompt: l10n.t('Describe the change you want'),
      value: this.last,
      valueSelection: [0, this.last.length],
      ignoreFocusOut: true,
    });
    if (instruction === undefined || instruction.trim() === '') return undefined;
    this.last = instruction;
    return instruction.trim();
  }

  private async model(): Promise<ModelDescription> {
    try {
      return await this.engine.use(async ({ model }) => model, { revive: true });
    } catch (error) {
      throw toEngineError(error);
    }
  }
}
