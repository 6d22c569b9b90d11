// A small model that has lost the thread writes the same again and again, and finds it ever likelier: `count, count,
// count, …` scores best of all. So likelihood cannot see it, and it is looked for by itself.
import { isName, unitsOf } from './words';

/** Longest piece that is looked for, in words and signs: two or three lines. */
const LONGEST = 40;

/** A piece of more than this many words and signs is as strange the third time as a single word is the fourth. */
const LONG = 3;

/** `edge * edge * edge` is a volume. */
const isPower = (piece: readonly string[]) => piece.length === 2 && piece.includes('*');

/**
 * Numbers and signs may well stand twelve times in a row, in a table of them; with nothing between them (`8px 8px 8px`) half
 * as often. From twice that on hardly anybody writes so.
 */
const TABLE = { listed: 12, bare: 6 };

/** Words that a list of equal values is made of. */
export const VALUES: ReadonlySet<string> = new Set([
  'None',
  'null',
  'nil',
  'undefined',
  'true',
  'false',
  'True',
  'False',
  'NaN',
  'NULL',
]);

/** How often some piece stands there in a row; 1 where nothing repeats. */
export interface Run {
  readonly times: number;
  readonly piece: readonly string[];
}

/** The run that repeats the most units; of two the one with the shorter piece. `counts`: by default a piece with a name in it. */
export function longestRun(units: readonly string[], counts = says): Run {
  let best: Run = { times: 1, piece: [] };
  for (let period = 1; period <= Math.min(LONGEST, Math.floor(units.length / 2)); period++) {
    let same = 0;
    for (let at = period; at <= units.length; at++) {
      if (at < units.length && units[at] === units[at - period]) {
        same++;
        continue;
      }
      const times = 1 + Math.floor((same + separatorAt(units, at, period, same)) / period);
      const piece = units.slice(at - same - period, at - same);
      if (times > 1 && (times - 1) * period > (best.times - 1) * best.piece.length && counts(piece))
        best = { times, piece };
      same = 0;
    }
  }
  return best;
}

/** `count, count, count` has its last comma missing: what is listed has one separator less than items. */
function separatorAt(units: readonly string[], at: number, period: number, same: number): number {
  if (same === 0 || same % period !== period - 1) return 0;
  const due = units[at - period];
  return due !== undefined && !isName(due) ? 1 : 0;
}

function says(piece: readonly string[]): boolean {
  return piece.some((unit) => isName(unit) && !VALUES.has(unit));
}

/** Values and what separates them, with no name among them; rulers (`-----`) are drawn by people. */
function isTabular(piece: readonly string[]): boolean {
  return !says(piece) && piece.some((unit) => /[\p{L}\p{N}(){}[\]"'`]/u.test(unit));
}

/** One value, again and again with nothing between; brackets close so. */
function isBare([value = '', ...more]: readonly string[]): boolean {
  return more.length === 0 && /[\p{L}\p{N}]/u.test(value);
}

/** Of `repeats` times a run is strange, and of more than `loops` times as many it is no way to write code. */
interface Kind {
  readonly counts: (piece: readonly string[]) => boolean;
  readonly repeats: (run: Run) => number;
  readonly loops: number;
}

const NAMED: Kind = {
  counts: says,
  repeats: ({ piece }) => (piece.length > LONG ? 2 : isPower(piece) ? 4 : 3),
  loops: 1,
};
const TABULAR: Kind = {
  counts: isTabular,
  repeats: ({ piece }) => (isBare(piece) ? TABLE.bare : TABLE.listed),
  loops: 2,
};

/**
 * How strange the repetition in a new text is: `loops` is no way to write code, `repeats` is one sometimes. `old` is what
 * stood there, `around` the rest of the file: what repeats there may repeat here.
 */
export function repetition(text: string, old: string, around: () => string): 'loops' | 'repeats' | undefined {
  const units = unitsOf(text);
  const strangeness = ({ counts, repeats, loops }: Kind): 'loops' | 'repeats' | undefined => {
    const run = longestRun(units, counts);
    const usual = repeats(run);
    if (run.times < usual) return undefined;
    if (longestRun(unitsOf(old), counts).times >= run.times) return undefined;
    if (standsIn(around(), run)) return undefined;
    // Where one line stood, hardly anybody wants a long table.
    const most = (old !== '' && !old.includes('\n') ? Math.min(loops, 1.5) : loops) * usual;
    return run.times > most ? 'loops' : 'repeats';
  };
  const named = strangeness(NAMED);
  return named === 'loops' ? named : (strangeness(TABULAR) ?? named);
}

function standsIn(around: string, { piece, times }: Run): boolean {
  const all = Array.from({ length: times }, () => piece).flat();
  // The last separator may be missing there as well.
  const wanted = all.slice(0, all.length - piece.length + 1).join(' ');
  // Longer runs need a longer text, and a text of this length is read in a millisecond.
  return ` ${unitsOf(around).join(' ')} `.includes(` ${wanted} `);
}
