// The light bulb's way to a rewrite. The action is only a name for the command: nothing is computed until it is chosen.
import {
  CodeAction,
  CodeActionKind,
  type CodeActionProvider,
  l10n,
  type Range,
  type TextDocument,
} from 'vscode';
import { holdsSecrets } from '../../engine/privacy/secrets';
import { isEditable } from '../documents/editable';

export const REWRITE_KIND = CodeActionKind.RefactorRewrite.append('palimpsest');

export const rewriteActions: CodeActionProvider = {
  provideCodeActions(document: TextDocument, range: Range): CodeAction[] {
    if (range.isEmpty || !isEditable(document.uri) || holdsSecrets(document.fileName)) return [];
    const action = new CodeAction(l10n.t('Rewrite with Palimpsest'), REWRITE_KIND);
    action.command = { command: 'palimpsest.rewriteSelection', title: action.title };
    return [action];
  },
};
