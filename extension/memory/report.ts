// What the log says about a look at the workspace. Pure.
import type { Skip } from './contents';
import type { Feed } from './feed';
import type { Outcome } from './sync';

const WORDS: Readonly<Record<Skip, string>> = {
  secret: 'with a name or content that holds secrets',
  token: 'with something that looks like a secret',
  git: 'ignored by Git',
  editor: 'excluded by settings',
  unknown: 'that could not be checked',
  link: 'that are links',
  vanished: 'that are gone',
  slow: 'that could not be read in time',
  empty: 'empty',
  large: 'too large',
  binary: 'binary',
  encoding: 'not in UTF-8',
  minified: 'minified',
  generated: 'generated',
  refused: 'for which the engine has no room or no use',
};

export function sayOutcome(
  { held, characters }: Pick<Feed, 'held' | 'characters'>,
  { skipped, left, found, choosing }: Outcome,
  millis: number,
): string {
  const chosen = choosing === undefined ? '' : ` (chosen in ${seconds(choosing)})`;
  const sentences = [
    `Project memory: ${held.size} ${held.size === 1 ? 'file' : 'files'}, ${(characters / 1e6).toFixed(1)} million characters, in ${seconds(millis)}${chosen}.`,
  ];
  const reasons = [...skipped].sort(([, a], [, b]) => b - a).map(([why, count]) => `${count} ${WORDS[why]}`);
  if (left > 0) reasons.push(`${left} farther away`);
  if (reasons.length > 0) sentences.push(`Left out: ${reasons.join(', ')}.`);
  if (found?.end === 'limit') sentences.push('The workspace has more files than are looked at.');
  if (found?.end === 'time') sentences.push('Listing the workspace took too long and was stopped.');
  if (found?.end === 'unread') sentences.push('Too many folders could not be read; the rest is left.');
  if (found !== undefined && found.closed > 0)
    sentences.push(`Folders that are ignored, hidden, or excluded: ${found.closed}.`);
  if (found !== undefined && found.unread > 0)
    sentences.push(`Folders that could not be read: ${found.unread}.`);
  return sentences.join(' ');
}

function seconds(millis: number): string {
  return `${(millis / 1000).toFixed(1)} s`;
}
