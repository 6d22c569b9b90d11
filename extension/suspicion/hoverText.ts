// What a hover says of a mark, in Markdown.
import { l10n } from 'vscode';
import { likelierThan, type Mark } from './marks';
import { cellSpan, codeSpan, percent, visible } from './markup';

export interface HoverFacts {
  /** As it stands in the document: it may be a part of a word. */
  readonly token: string;
  /** As a link: `command:…`. */
  readonly remask: string;
}

export function hoverText(mark: Mark, { token, remask }: HoverFacts): string {
  const { probability, method, slip } = mark;
  // The mark is of several tokens, or of a part of one: what is known of a token says little of it.
  if (slip !== undefined)
    return [slipText(slip), '', `[$(wand) ${l10n.t('Repair this line')}](${remask})`].join('\n');
  const sight =
    method === 'masked'
      ? l10n.t(
          'Given the code before and after it, the model assigns the token {0} a probability of {1}.',
          codeSpan(visible(token)),
          percent(probability),
        )
      : l10n.t(
          'Given the code before it, the model assigns the token {0} a probability of {1}.',
          codeSpan(visible(token)),
          percent(probability),
        );
  const rows = likelierThan(token, mark).map(
    (one) => `| ${cellSpan(visible(one.text))} | ${percent(one.probability)} |`,
  );
  const table = rows.length === 0 ? [] : [`| ${l10n.t('More likely')} | |`, '| :-- | --: |', ...rows];
  const link = `[$(wand) ${l10n.t('Re-mask from here')}](${remask})`;
  return [sight, '', ...table, '', link].join('\n');
}

/** Times as likely, of which a hover says at least as many. */
const TIMES = [1000, 500, 200, 100, 50, 20];

function slipText({ instead, gain, isExchanged }: NonNullable<Mark['slip']>): string {
  const times = TIMES.find((least) => Math.exp(gain) >= least) ?? Math.floor(Math.exp(gain));
  if (isExchanged)
    return l10n.t(
      'With it and {0} in each other’s place, the model considers the line at least {1} times as likely.',
      codeSpan(instead),
      times,
    );
  return instead.trim() === ''
    ? l10n.t('Without it, the model considers the line at least {0} times as likely.', times)
    : l10n.t(
        'With {0} in its place, the model considers the line at least {1} times as likely.',
        codeSpan(instead),
        times,
      );
}
