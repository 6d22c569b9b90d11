// Where a copy comes from, as a person is shown it.
import type { CopySource } from '../protocol';
import type { CopyOrigin } from './sources';

/** A place in a stretch of text. */
export interface CopyPlace {
  readonly origin: CopyOrigin | undefined;
  /** UTF-16 offset in the stretch. */
  readonly at: number;
}

export function placeOf({
  origin,
  at,
}: {
  readonly origin?: CopyOrigin | undefined;
  readonly at: number;
}): CopyPlace {
  return { origin, at };
}

/** Whether it is in another file than the hole. */
export function isElsewhere({ origin }: CopyPlace): boolean {
  return origin !== undefined && origin.kind !== 'own';
}

/** Undefined where nobody knows the file. */
export function sourceAt({ origin, at }: CopyPlace): CopySource | undefined {
  if (origin === undefined || origin.kind === 'open') return undefined;
  const { path, whole, start } = origin;
  let line = 1;
  for (let next = whole.indexOf('\n'); next >= 0 && next < start + at; next = whole.indexOf('\n', next + 1))
    line++;
  return { ...(path === undefined ? {} : { path }), line };
}
