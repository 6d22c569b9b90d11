// Every number of a config.json ends up in an allocation or a graph: each is read through a check that names it.
import { EngineError, type ErrorCode } from '../errors';
import { isObject, type JsonObject, own } from './json';

/** Bounds of an integer; `fallback` is what an absent or null field means. */
export interface IntegerRule {
  readonly min?: number;
  readonly max: number;
  readonly fallback?: number;
}

/** Typed access to the fields of one JSON object. Every method throws EngineError with the code given. */
export class Fields {
  constructor(
    private readonly object: JsonObject,
    private readonly where: string,
    private readonly code: ErrorCode = 'checkpoint-malformed',
  ) {}

  /** The value, with null as absent. */
  value(name: string): unknown {
    return own(this.object, name) ?? undefined;
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  fail(name: string, what: string): EngineError {
    return new EngineError(this.code, `${this.where}: ${name} ${what}.`, { field: name });
  }

  integer(name: string, rule: IntegerRule): number {
    const value = this.value(name) ?? rule.fallback;
    const min = rule.min ?? 1;
    if (value === undefined) throw this.fail(name, 'is missing');
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > rule.max) {
      throw this.fail(name, `is ${show(value)}; it must be a whole number from ${min} to ${rule.max}`);
    }
    return value;
  }

  /** A finite number from `min` to `max`. */
  number(name: string, { min, max }: { readonly min: number; readonly max: number }): number {
    const value = this.value(name);
    if (value === undefined) throw this.fail(name, 'is missing');
    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      throw this.fail(name, `is ${show(value)}; it must be a number from ${min} to ${max}`);
    }
    return value;
  }

  /** A finite number above 0. */
  positive(name: string, fallback?: number): number {
    const value = this.value(name) ?? fallback;
    if (value === undefined) throw this.fail(name, 'is missing');
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
      throw this.fail(name, `is ${show(value)}; it must be a number above 0`);
    }
    return value;
  }

  boolean(name: string, fallback?: boolean): boolean {
    const value = this.value(name) ?? fallback;
    if (value === undefined) throw this.fail(name, 'is missing');
    if (typeof value !== 'boolean') throw this.fail(name, `is ${show(value)}; it must be true or false`);
    return value;
  }

  string(name: string, fallback?: string): string {
    const value = this.value(name) ?? fallback;
    if (value === undefined) throw this.fail(name, 'is missing');
    if (typeof value !== 'string') throw this.fail(name, `is ${show(value)}; it must be a string`);
    return value;
  }

  /** One of a few strings. */
  choice<T extends string>(name: string, choices: readonly T[], fallback?: T): T {
    const value = this.string(name, fallback);
    const found = choices.find((choice) => choice === value);
    if (found === undefined)
      throw this.fail(name, `is ${show(value)}; it must be one of ${choices.join(', ')}`);
    return found;
  }

  /** A nested object, or undefined where there is none. */
  section(name: string): Fields | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) throw this.fail(name, 'must be an object');
    return new Fields(value, `${this.where}, ${name}`, this.code);
  }

  /** Refuses keys that nobody reads: a misspelt option must not be ignored. */
  onlyKeys(known: readonly string[]): void {
    const unknown = Object.keys(this.object).filter((key) => !known.includes(key));
    if (unknown.length === 0) return;
    const names = unknown.slice(0, 5).map((key) => show(key));
    throw new EngineError(
      this.code,
      `${this.where} has ${unknown.length === 1 ? 'a key' : `${unknown.length} keys`} that nothing reads: ${names.join(', ')}. Known keys: ${known.join(', ')}.`,
      { unknown: unknown.slice(0, 5) },
    );
  }

  keys(): readonly string[] {
    return Object.keys(this.object);
  }
}

/** A value in a message, never longer than a line; nested values are not spelt out, for they may be bottomless. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(brief(value));
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}

/** A name from a file, cut to what a message can hold. */
export function brief(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
