// What a sub-command accepts, as a table: parsing, checking and the help text all come from it.
import { parseArgs } from 'node:util';
import { EngineError } from '../errors';

/** The command was called wrongly: exit code 2. */
export class UsageError extends EngineError {
  constructor(
    message: string,
    readonly command?: string,
  ) {
    super('option-invalid', message);
    this.name = 'UsageError';
  }
}

interface OptionSpec {
  /** What stands for the value in the help; absent: the option is a switch. */
  readonly value?: string;
  readonly help: string;
  readonly short?: string;
  readonly multiple?: boolean;
}
export type OptionTable = Readonly<Record<string, OptionSpec>>;

export interface CommandSpec {
  readonly name: string;
  /** One line, for the list of sub-commands. */
  readonly summary: string;
  /** Positional arguments as the help shows them, for instance `FILE`; all are required. */
  readonly operands: readonly string[];
  /** Options that cannot be left out, as the usage line shows them. */
  readonly needed?: string;
  readonly options: OptionTable;
  /** Lines below the options. */
  readonly notes?: readonly string[];
}

export interface ParsedArguments {
  readonly operands: readonly string[];
  readonly help: boolean;
  has(name: string): boolean;
  /** Last value given. */
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
}

const HELP: OptionTable = { help: { short: 'h', help: 'show this help' } };

/** Edits (insert, delete, replace) between two words: for "did you mean". */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Fewer letters begin too many words. */
const LEAST_BEGINNING = 4;

/** Whether one word is the other with something after it, as `qwen` is of `qwen2.5-coder-7b`. */
function begins(a: string, b: string): boolean {
  const [shorter, longer] = a.length < b.length ? [a, b] : [b, a];
  return shorter.length >= LEAST_BEGINNING && longer.startsWith(shorter);
}

/** ` Did you mean …?` where one of the words is near, or one begins with the other; else nothing. */
export function suggestion(word: string, known: readonly string[], prefix = ''): string {
  const [best] = known
    .map((candidate) => ({ candidate, edits: distance(word, candidate) }))
    .filter(
      ({ candidate, edits }) =>
        begins(word, candidate) ||
        // Of a word of three letters, two that differ leave nothing to recognize.
        (edits <= Math.ceil(candidate.length / 3) && 2 * edits <= Math.min(word.length, candidate.length)),
    )
    .sort((a, b) => a.edits - b.edits);
  return best ? ` Did you mean ${prefix}${best.candidate}?` : '';
}

/** Reads the words behind the sub-command's name; throws UsageError. */
export function parseArguments(spec: CommandSpec, words: readonly string[]): ParsedArguments {
  const table: OptionTable = { ...spec.options, ...HELP };
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      Object.entries(table).map(([name, option]) => [
        name,
        {
          type: option.value === undefined ? ('boolean' as const) : ('string' as const),
          multiple: true,
          ...(option.short ? { short: option.short } : {}),
        },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });

  const values = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    if (!option) {
      const near = suggestion(token.name, Object.keys(table), '--');
      throw new UsageError(`There is no option ${token.rawName}.${near}`, spec.name);
    }
    if (option.value === undefined) {
      if (token.value !== undefined) {
        throw new UsageError(`${token.rawName} takes no value.`, spec.name);
      }
      values.set(token.name, []);
      continue;
    }
    if (token.value === undefined || token.value === '') {
      throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${option.value}.`, spec.name);
    }
    if (!token.inlineValue && token.value.length > 1 && token.value.startsWith('-')) {
      const written = `${token.rawName}=${token.value}`;
      throw new UsageError(
        `${token.rawName} needs a value; write ${written} if that is the value.`,
        spec.name,
      );
    }
    if (values.has(token.name) && !option.multiple) {
      throw new UsageError(`${token.rawName} is given more than once.`, spec.name);
    }
    values.set(token.name, [...(values.get(token.name) ?? []), token.value]);
  }

  const help = values.has('help');
  if (!help) checkOperands(spec, operands);
  return {
    operands,
    help,
    has: (name) => values.has(name),
    text: (name) => values.get(name)?.at(-1),
    texts: (name) => values.get(name) ?? [],
  };
}

function checkOperands(spec: CommandSpec, operands: readonly string[]): void {
  const missing = spec.operands[operands.length];
  if (missing !== undefined) {
    throw new UsageError(`${missing} is missing: palimpsest ${usageOf(spec)}.`, spec.name);
  }
  if (operands.length > spec.operands.length) {
    const extra = operands[spec.operands.length];
    throw new UsageError(
      spec.operands.length === 0
        ? `${spec.name} takes no arguments, but "${extra}" was given.`
        : `Only ${spec.operands.join(' ')} was expected, but "${extra}" was given too. Put text that contains spaces in quotes.`,
      spec.name,
    );
  }
}

export interface NumberRule {
  readonly integer?: boolean;
  readonly least: number;
  readonly most?: number;
  /** `least` itself is not allowed. */
  readonly above?: boolean;
}

function describeRule({ integer, least, most, above }: NumberRule): string {
  const kind = integer ? 'a whole number' : 'a number';
  if (most === undefined) return `${kind} ${above ? 'above' : 'of at least'} ${least}`;
  return above ? `${kind} above ${least} and up to ${most}` : `${kind} from ${least} to ${most}`;
}

/** The option as a number, or undefined where it was not given; throws UsageError. */
export function numberOption(
  parsed: ParsedArguments,
  spec: CommandSpec,
  name: string,
  rule: NumberRule,
): number | undefined {
  const text = parsed.text(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  const fits =
    /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) &&
    Number.isFinite(value) &&
    (!rule.integer || Number.isSafeInteger(value)) &&
    (rule.above ? value > rule.least : value >= rule.least) &&
    value <= (rule.most ?? Number.POSITIVE_INFINITY);
  if (!fits) throw new UsageError(`--${name} must be ${describeRule(rule)}, not "${text}".`, spec.name);
  return value;
}

/** The option as one of a list of words, or undefined where it was not given; throws UsageError. */
export function choiceOption<T extends string>(
  parsed: ParsedArguments,
  spec: CommandSpec,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = parsed.text(name);
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found === undefined) {
    throw new UsageError(
      `--${name} must be one of ${choices.join(', ')}, not "${text}".${suggestion(text, choices)}`,
      spec.name,
    );
  }
  return found;
}

/** `infill FILE --span L:C-L:C [options]` */
export function usageOf(spec: CommandSpec): string {
  return [spec.name, ...spec.operands, ...(spec.needed ? [spec.needed] : []), '[options]'].join(' ');
}

const HELP_COLUMN = 26;
const HELP_WIDTH = 100;

function wrapHelp(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && HELP_COLUMN + last.length + 1 + word.length <= HELP_WIDTH) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/** The help of one sub-command. */
export function helpOf(spec: CommandSpec): string {
  const rows = Object.entries({ ...spec.options, ...HELP }).map(([name, option]) => {
    const flag = `  ${option.short ? `-${option.short}, ` : ''}--${name}${option.value ? ` ${option.value}` : ''}`;
    const [first = '', ...rest] = wrapHelp(option.help);
    const head =
      flag.length < HELP_COLUMN - 1
        ? flag.padEnd(HELP_COLUMN) + first
        : `${flag}\n${' '.repeat(HELP_COLUMN)}${first}`;
    return [head, ...rest.map((line) => ' '.repeat(HELP_COLUMN) + line)].join('\n');
  });
  const notes = spec.notes ? ['', ...spec.notes] : [];
  return `${[`palimpsest ${usageOf(spec)}`, '', `${spec.summary}`, '', ...rows, ...notes].join('\n')}\n`;
}
