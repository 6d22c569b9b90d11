// What a hover says of a mark, in Markdown.
import { l10n } from 'vscode';
import type { Mark } from './marks';
import { codeSpan, percent, visible } from './markup';

export interface HoverFacts {
  /** Whether the model saw both sides or the left one only. */
  readonly method: 'masked' | 'causal';
  /** As a link: `command:…`. */
  readonly remask: string;
}

export function hoverText({ probability, alternatives }: Mark, { method, remask }: HoverFacts): string {
  const sight =
    method === 'masked'
      ? l10n.t(
          'Given the code before and after it, the model assigns this token a probability of {0}.',
          percent(probability),
        )
      : l10n.t(
          'Given the code before it, the model assigns this token a probability of {0}.',
          percent(probability),
        );
  const rows = alternatives
    .filter((one) => one.probability > 0)
    .map((one) => `| ${codeSpan(visible(one.text))} | ${percent(one.probability)} |`);
  const table = rows.length === 0 ? [] : [`| ${l10n.t('More likely')} | |`, '| :-- | --: |', ...rows];
  const link = `[$(wand) ${l10n.t('Re-mask from here')}](${remask})`;
  return [sight, '', ...table, '', link].join('\n');
}
