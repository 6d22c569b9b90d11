// Names in a new text that nothing around it knows. A new name may be right, so this never condemns an answer by itself.
import { isName, unitsOf, withoutProse } from './words';

/** Words that stand in no file as names of its own: keywords and what languages bring along. */
const KNOWN = new Set(
  `abstract and any arguments Array ArrayList as assert async atomic auto await bool boolean Boolean break byte bytes
  case catch chan char class cls const constructor continue console debugger def default defer del delete dict do double
  elif else end enum enumerate Err Error except export extends extern False false fallthrough filter final finally float fn
  for from func function get global go goto if impl implements import in instanceof int Integer interface is isinstance JSON
  KeyError lambda len let list List long loop map Map match Math max min mod module mut namespace NaN new nil None nonlocal
  not null NULL number object Object of Ok open operator Option or override package panic pass pop print private process
  Promise protected pub public push raise range readonly record Record ref require Result return reversed Self self set Set
  short signed sizeof some Some sorted static str string String struct sum super switch synchronized template this throw
  throws trait True true try tuple type TypeError typedef typeof u16 u32 u64 u8 undefined union unknown unsafe unsigned use
  using ValueError var Vec virtual void volatile when where while with yield zip i16 i32 i64 i8 f32 f64 usize isize append
  length slice join split strip trim format items keys values log info warn error then resolve reject toString`.split(
    /\s+/,
  ),
);

const SHORTEST = 2;

export function namesIn(text: string): ReadonlySet<string> {
  return new Set(unitsOf(text).filter(isName));
}

/** Distinct names of `text` that are not among `known`, in their order. */
export function unknownNames(text: string, known: ReadonlySet<string>): readonly string[] {
  const names = new Set(
    unitsOf(withoutProse(text)).filter((unit) => isName(unit) && unit.length >= SHORTEST),
  );
  return [...names].filter((name) => !known.has(name) && !KNOWN.has(name));
}

/** Distinct names of `text`, words of languages counted in. */
export function nameCount(text: string): number {
  return new Set(unitsOf(withoutProse(text)).filter(isName)).size;
}
