// What is worth showing of a model's answers, and how good it looks. Pure: flaws in, a mark out.
import type { Flaw } from '../../protocol';

/** What the engine finds in the text, and what only a grammar can tell. */
export type Reason = Flaw | TreeFault | 'duplicate';

/** What only a grammar can tell. */
type TreeFault = (typeof TREE_FAULTS)[number];
const TREE_FAULTS = [
  'does-not-parse',
  'declares-again',
  'leaves-block',
  'removes-used',
  'renames',
  'no-return',
  'never-reached',
  'no-effect',
  'never-read',
  'out-of-scope',
  'not-parsed',
] as const;

/** `poor` is shown to nobody who did not ask for it. */
export type Mark = 'likely' | 'unsure' | 'poor';

export interface Quality {
  readonly mark: Mark;
  /** Gravest first. */
  readonly reasons: readonly Reason[];
  /** It was taken before it was finished. */
  readonly isDraft?: true;
  /** Nothing was fitted to its model, or not to how that was asked: nobody knows how likely an answer without flaws is right. */
  readonly isUnfitted?: true;
  /** The model finds its line likelier with it than with what stood there. */
  readonly isLikelier?: true;
  /** 0…1: how likely it is right to the letter, by what was fitted to its model. */
  readonly confidence?: number;
}

export interface Reading {
  /** Whether the text parses no worse than before; `unknown` where no grammar reads it, or time was up; `prose` has nothing to parse. */
  readonly parses: 'yes' | 'no' | 'unknown' | 'prose';
  /** Whether it declares a name where that is declared already. */
  readonly declaresAgain: boolean;
  /** Whether it ends the function or class that it stands in. */
  readonly leavesBlock: boolean;
  /** Whether it takes a declaration away and leaves the name in use. */
  readonly removesUsed: boolean;
  /** Whether a function, a class or a type has another name than before, which nothing in the text goes on using. */
  readonly renames: boolean;
  /** Whether a function that gave something back does so no longer. */
  readonly losesReturn: boolean;
  /** Whether it has a statement that does nothing. */
  readonly idle: boolean;
  /** Whether it leaves a statement that nothing comes to. */
  readonly unreached: boolean;
  /** Whether it leaves a variable that nobody reads. */
  readonly unread: boolean;
  /** Whether it brings no name that the text did not have; words of comments and strings are none. */
  readonly bringsNoNames: boolean;
  /** Names that it uses and that can hardly mean anything there. */
  readonly strangers: {
    /** Declared in other functions alone, or read in its own first value. */
    readonly outOfScope: readonly string[];
    /** Nowhere else in the text, and made of several words: nothing that a language brings along. */
    readonly unknown: readonly string[];
  };
}

const POOR: ReadonlySet<Reason> = new Set<Reason>([
  'does-not-parse',
  'declares-again',
  'leaves-block',
  'unfinished',
  'loops',
  'deletes',
  'unbalanced',
]);

export function qualityOf(flaws: readonly Flaw[], reading: Reading): Quality {
  const { parses, declaresAgain, leavesBlock, removesUsed, renames, losesReturn } = reading;
  const { idle, unreached, unread, strangers } = reading;
  const known = flaws.filter((flaw) => !isRefuted(flaw, reading));
  const reasons: readonly Reason[] = [
    ...(parses === 'no' ? ['does-not-parse' as const] : []),
    ...(declaresAgain ? ['declares-again' as const] : []),
    ...(leavesBlock ? ['leaves-block' as const] : []),
    ...known.filter((flaw) => POOR.has(flaw)),
    // What cannot run stands before what may be about to follow.
    ...(strangers.outOfScope.length > 0 ? ['out-of-scope' as const] : []),
    ...(strangers.unknown.length > 0 || known.includes('unknown-names') ? ['unknown-names' as const] : []),
    ...(removesUsed ? ['removes-used' as const] : []),
    // Of a name that is there already, more is said above.
    ...(renames && !declaresAgain ? ['renames' as const] : []),
    ...(losesReturn ? ['no-return' as const] : []),
    ...(unreached ? ['never-reached' as const] : []),
    ...(idle ? ['no-effect' as const] : []),
    ...(unread ? ['never-read' as const] : []),
    ...known.filter((flaw) => !POOR.has(flaw) && flaw !== 'improbable' && flaw !== 'unknown-names'),
    ...(parses === 'unknown' ? ['not-parsed' as const] : []),
    ...known.filter((flaw) => flaw === 'improbable'),
  ];
  if (reasons.some((reason) => POOR.has(reason))) return { mark: 'poor', reasons };
  return { mark: reasons.length === 0 ? 'likely' : 'unsure', reasons };
}

/** Whether a grammar knows better: which brackets pair, and where a language has names. */
function isRefuted(flaw: Flaw, { parses, bringsNoNames }: Reading): boolean {
  if (flaw === 'unbalanced') return parses === 'yes' || parses === 'no';
  return flaw === 'unknown-names' && bringsNoNames;
}

/** What the text alone says. */
function isFlaw(reason: Reason): reason is Flaw {
  return reason !== 'duplicate' && !TREE_FAULTS.some((one) => one === reason);
}

/** Whether there is a reason to doubt it, other than that nobody could look. */
export function isDoubted({ mark, reasons }: Quality): boolean {
  return mark === 'unsure' && reasons.some((reason) => reason !== 'not-parsed');
}

/** What of its reasons is wrong with the answer whatever stands around it. */
export function flawsOf({ reasons }: Quality): readonly Flaw[] {
  return reasons.filter(isFlaw);
}

/** It stands elsewhere in the file: that is no flaw, but a reason to look twice. */
export function asDuplicate(quality: Quality): Quality {
  const { mark, reasons } = quality;
  const last = reasons.filter((reason) => reason === 'improbable');
  const others = reasons.filter((reason) => reason !== 'improbable');
  return {
    ...quality,
    mark: mark === 'likely' ? 'unsure' : mark,
    reasons: [...others, 'duplicate', ...last],
  };
}

export function asDraft(quality: Quality = { mark: 'likely', reasons: [] }): Quality {
  const { mark } = quality;
  return { ...quality, mark: mark === 'likely' ? 'unsure' : mark, isDraft: true };
}

/** Whether the text alone says so much against it that it is shown to nobody who does not ask; unpaired brackets aside. */
export function isPoorText(flaws: readonly Flaw[]): boolean {
  return flaws.some((flaw) => flaw !== 'unbalanced' && POOR.has(flaw));
}

const ORDER: Readonly<Record<Mark, number>> = { likely: 0, unsure: 1, poor: 2 };

/** Best mark first; those with the same mark stay in the engine's order, which weighs flaws against likelihood (rank.ts). */
export function ranked<A extends { readonly quality?: Quality }>(candidates: readonly A[]): readonly A[] {
  const weight = ({ quality }: A) => (quality === undefined ? 0 : ORDER[quality.mark]);
  return [...candidates].sort((a, b) => weight(a) - weight(b));
}

/** Not looked at is not condemned: somebody else has chosen it. */
export function isWorthShowing({ quality }: { readonly quality?: Quality }): boolean {
  return quality?.mark !== 'poor';
}
