// The last look at what leaves the machine: whoever asks for a request has looked at the file already, but a text changes, and
// what has left cannot be called back.
import { EngineError } from '../errors';
import { findSecret } from '../privacy/contentRules';
import { exclusionByName } from '../privacy/secrets';

export interface Outgoing {
  readonly text: string;
  /** Full path, where it is known. */
  readonly fileName?: string | undefined;
  readonly language?: string | undefined;
  readonly host: string;
}

/** Rejects with EngineError `text-withheld` where it looks as if it held a secret. */
export async function withholdSecrets({
  text,
  fileName = 'text',
  language = 'plaintext',
  host,
}: Outgoing): Promise<void> {
  if (exclusionByName({ path: fileName, languageId: language, text, isHidden: false }) !== undefined)
    throw new EngineError(
      'text-withheld',
      `This file may contain secrets, so nothing of it was sent to ${host}.`,
      { host },
    );
  const found = await findSecret(text);
  if (found === undefined) return;
  throw new EngineError(
    'text-withheld',
    `Nothing was sent to ${host}, because part of the text looks like a password, key, or access token (${found.rule}).`,
    { host, rule: found.rule },
  );
}
