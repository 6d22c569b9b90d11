// The light bulb's way to a fix: a name for the command per diagnostic. Nothing is computed until one is chosen.
import {
  CodeAction,
  type CodeActionContext,
  CodeActionKind,
  type CodeActionProvider,
  type Diagnostic,
  l10n,
  type Range,
  type TextDocument,
} from 'vscode';
import { holdsSecrets } from '../../engine/privacy/secrets';
import { isEditable } from '../documents/editable';
import { offersFixes } from '../settings';
import { shortened } from '../text/shortened';

export const FIX_KIND = CodeActionKind.QuickFix.append('palimpsest');

/** A menu with more of the same is no help. */
const MOST_ACTIONS = 4;

export const fixActions: CodeActionProvider = {
  provideCodeActions(
    document: TextDocument,
    _range: Range,
    { diagnostics }: CodeActionContext,
  ): CodeAction[] {
    if (!isEditable(document.uri) || holdsSecrets(document.fileName) || !offersFixes(document)) return [];
    return distinct(diagnostics)
      .slice(0, MOST_ACTIONS)
      .map((diagnostic) => {
        const title = l10n.t('Fix with Palimpsest: {0}', shortened(diagnostic.message));
        const action = new CodeAction(title, FIX_KIND);
        // Without diagnostics: those that have some stand first, and the language's own fixes know more than ours.
        action.command = {
          command: 'palimpsest.fixProblem',
          title,
          arguments: [document.uri, diagnostic],
        };
        return action;
      });
  },
};

function distinct(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.filter(
    ({ message, range }, i) =>
      diagnostics.findIndex((other) => other.message === message && other.range.isEqual(range)) === i,
  );
}
