// Colour is decided once, here, from what the stream and the environment say; everything else asks for a role.

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a piece of text is; sixteen-colour codes alone, so that every terminal theme keeps its contrast. */
const CODES = {
  faint: '2',
  mask: '36',
  draft: '2',
  committed: '1',
  fresh: '1;32',
  locked: '4',
  added: '32',
  removed: '31',
  hunk: '36',
  heading: '1',
  good: '32',
  bad: '31',
  warm: '33',
  hot: '31',
  burning: '1;7;31',
} as const;

export type Role = keyof typeof CODES;
export type Paint = (role: Role, text: string) => string;

export const plain: Paint = (_role, text) => text;
export const coloured: Paint = (role, text) => (text === '' ? '' : `\u001b[${CODES[role]}m${text}\u001b[0m`);

/** NO_COLOR (no-color.org) wins over FORCE_COLOR, and both over what the stream is. */
export function wantsColour(output: Output, env: Environment): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] && env['FORCE_COLOR'] !== '0') return true;
  return output.isTTY === true && env['TERM'] !== 'dumb';
}

export function paintFor(output: Output, env: Environment): Paint {
  return wantsColour(output, env) ? coloured : plain;
}

/** Whether the cursor can be moved on this stream. */
export function canAnimate(output: Output, env: Environment): boolean {
  return output.isTTY === true && env['TERM'] !== 'dumb' && !env['CI'];
}
