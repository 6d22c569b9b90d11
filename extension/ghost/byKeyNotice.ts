// Somebody who types and sees nothing would think that there is no ghost text: of each model that is too slow for it, they are told once.
import { commands, env, l10n, type Memento, UIKind, window } from 'vscode';
import type { EngineState } from '../engine/supervisor';
import { triggerKeys } from './triggerKeys';

const KEY = 'ghostTextByKey';
/** Models that are remembered. */
const MOST = 50;

export class ByKeyNotice {
  constructor(private readonly state: Pick<Memento, 'get' | 'update'>) {}

  /** An answer takes so many milliseconds. A model that is fast enough here, and was late once, is not worth a notice. */
  async tell(millis: number, engine: EngineState): Promise<void> {
    if (engine.kind !== 'ready' || !engine.model.isSlow) return;
    const { name } = engine.model;
    const told = this.state.get<readonly string[]>(KEY, []);
    if (told.includes(name)) return;
    // Before anybody answers: it is told once.
    await this.state.update(KEY, [name, ...told].slice(0, MOST));
    // A browser may run anywhere, and a remote window shows what runs elsewhere.
    const isNear = env.uiKind === UIKind.Desktop && env.remoteName === undefined;
    const words = l10n.t(
      'Ghost text takes {0} s or more here with {1}, so it appears only when you trigger it ({2}).',
      (millis / 1000).toFixed(1),
      name,
      triggerKeys(process.platform, isNear),
    );
    const faster = l10n.t('Use a Faster Model');
    if ((await window.showInformationMessage(words, faster)) === faster)
      await commands.executeCommand('palimpsest.chooseModel');
  }
}
