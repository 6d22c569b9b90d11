// Readers of plain data that came from outside: over the border, from another extension, from a language model. Each gives a
// typed value or throws `option-invalid` with the path. `object` is typed by the interface that it reads, so that a field
// without a reader, or a reader without a field, does not compile.
import { EngineError } from '../errors';

/** `path`: where the value stands, for the message; empty for the whole. */
export type Read<T> = (value: unknown, path: string) => T;

type OptionalKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];
type RequiredKeys<T> = Exclude<keyof T, OptionalKeys<T>>;

export type Required<T> = { readonly [K in RequiredKeys<T>]: Read<T[K]> };
export type Optional<T> = { readonly [K in OptionalKeys<T>]-?: Read<Exclude<T[K], undefined>> };

function invalid(path: string, expected: string, found: unknown): EngineError {
  const where = path === '' ? 'params' : path;
  return new EngineError('option-invalid', `\`${where}\` must be ${expected}, but is ${describe(found)}.`, {
    path: where,
  });
}

/**
 * A fresh object with the known fields alone. An optional field that is absent stays so; null is absent, since some JSON writers
 * put it for that.
 */
export function object<T extends object>(required: Required<T>, optional: Optional<T>): Read<T> {
  const must = Object.entries<Read<unknown>>(required);
  const may = Object.entries<Read<unknown>>(optional);
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw invalid(path, 'an object', value);
    const fields: Readonly<Record<string, unknown>> = { ...value };
    const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
    return Object.fromEntries([
      ...must.map(([name, read]) => [name, read(fields[name], at(name))]),
      ...may
        .filter(([name]) => (fields[name] ?? undefined) !== undefined)
        .map(([name, read]) => [name, read(fields[name], at(name))]),
    ]) as T;
  };
}

export function text(longest: number, shortest = 0): Read<string> {
  return (value, path) => {
    if (typeof value !== 'string') throw invalid(path, 'a string', value);
    if (value.length < shortest || value.length > longest)
      throw outOfSize(path, value.length, 'characters', shortest, longest);
    return value;
  };
}

/** That passes `test`; `expected` says what that is. */
export function textThat(expected: string, test: (value: string) => boolean, longest: number): Read<string> {
  const read = text(longest, 1);
  return (value, path) => {
    const known = read(value, path);
    if (!test(known)) throw invalid(path, expected, known);
    return known;
  };
}

export function integer(least: number, most: number): Read<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
      throw invalid(path, `a whole number from ${least} to ${most}`, value);
    }
    return value + 0; // −0 becomes 0
  };
}

/** `above`: the least value itself is not allowed. */
export function number(least: number, most: number, above = false): Read<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !(above ? value > least : value >= least) || value > most) {
      throw invalid(path, `a number ${above ? 'above' : 'from'} ${least} to ${most}`, value);
    }
    return value + 0;
  };
}

export const flag: Read<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw invalid(path, 'true or false', value);
  return value;
};

export function oneOf<T extends string>(names: readonly T[]): Read<T> {
  return (value, path) => {
    const name = names.find((known) => known === value);
    if (name === undefined) throw invalid(path, `one of ${names.join(', ')}`, value);
    return name;
  };
}

export function list<T>(fewest: number, most: number, read: Read<T>): Read<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw invalid(path, 'a list', value);
    if (value.length < fewest || value.length > most)
      throw outOfSize(path, value.length, 'entries', fewest, most);
    return value.map((entry, index) => read(entry, `${path}[${index}]`));
  };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** UTF-16 offsets. Whether they lie in the text is for `checkWithin` to say, when the text is known. */
export const range: Read<Range> = object<Range>(
  { start: integer(0, Number.MAX_SAFE_INTEGER), end: integer(0, Number.MAX_SAFE_INTEGER) },
  {},
);

/** @throws EngineError `span-invalid` where the range does not lie in order between `least` and `most`. */
export function checkWithin({ start, end }: Range, path: string, least: number, most: number): void {
  if (start <= end && start >= least && end <= most) return;
  throw new EngineError(
    'span-invalid',
    `\`${path}\` goes from ${start} to ${end}, but must lie in order between ${least} and ${most} (UTF-16 units).`,
    { path, start, end, least, most },
  );
}

interface Span extends Range {
  readonly locked?: readonly Range[];
}

/** Spans lie in a text of `length` UTF-16 units, their locked pieces in them. @throws EngineError `span-invalid` */
export function checkSpans(spans: readonly Span[], length: number): void {
  for (const [i, { start, end, locked = [] }] of spans.entries()) {
    checkWithin({ start, end }, `spans[${i}]`, 0, length);
    for (const [j, piece] of locked.entries()) checkWithin(piece, `spans[${i}].locked[${j}]`, start, end);
  }
}

function outOfSize(path: string, length: number, of: string, least: number, most: number): EngineError {
  return new EngineError(
    'option-invalid',
    `\`${path}\` has ${length} ${of}: ${least === most ? `${least} is` : `${least} to ${most} are`} allowed.`,
    { path, length },
  );
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 40))}`;
  return String(value);
}
