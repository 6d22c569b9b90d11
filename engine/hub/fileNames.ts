// File names in a repository's listing come from the internet. Each is checked by the rules of every system, wherever this runs:
// a folder of models may lie on a disk that two systems share.
import { brief, show } from '../checkpoint/fields';
import { EngineError } from '../errors';

const LONGEST = 255;
/** Names that Windows gives to devices, with or without an extension. */
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
const FORBIDDEN = /[\u0000-\u001f\u007f<>:"|?*\\]/;

/** Why a path that a listing gives cannot be a file below a folder; undefined where it can. */
export function nameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.startsWith('/')) return 'is absolute';
  if (FORBIDDEN.test(name)) return 'has a character that a file name cannot have everywhere';
  for (const part of name.split('/')) {
    if (part === '' || part === '.' || part === '..') return 'leads elsewhere';
    if (part.length > LONGEST) return 'is too long';
    if (DEVICE.test(part)) return 'is the name of a device on Windows';
    if (/[. ]$/.test(part)) return 'ends in a dot or a space';
  }
  return undefined;
}

/** @throws EngineError `hub-answer-invalid` where one name is unsafe, or two are the same but for their case. */
export function requireSafeNames(names: readonly string[], repository: string): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const fault = nameFault(name);
    if (fault !== undefined) throw unsafe(repository, name, fault);
    const folded = name.normalize('NFC').toLowerCase();
    const other = seen.get(folded);
    if (other !== undefined)
      throw unsafe(repository, name, `is the same file as ${show(other)} on some disks`);
    seen.set(folded, name);
  }
}

function unsafe(repository: string, name: string, fault: string): EngineError {
  return new EngineError(
    'hub-answer-invalid',
    `The file list of ${repository} names ${show(name)}, which ${fault}. Nothing was installed; do not use this repository.`,
    { repository, name: brief(name) },
  );
}
