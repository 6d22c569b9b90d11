// Names in a new text that nothing around it knows. A new name may be right, so this never condemns an answer by itself.
import { isName, unitsOf, withoutProse } from './words';

/** Words that stand in no file as names of its own: keywords and what languages bring along. */
const KNOWN = new Set(
  `__file__ __name__ abs abstract all and any append Arc ArgumentException arguments Array ArrayList as assert
  assert_eq assert_ne AssertionError async atomic AttributeError auto await BigInt bool Boolean boolean Box break
  byte bytes callable cap case catch chan char Character class classmethod clearInterval clearTimeout close cls
  complex Console console const constructor continue copy crate Date debugger decodeURIComponent def default defer
  del delete dict divmod do document Double double Duration elif else encodeURIComponent end enum enumerate eprintln
  Err Error error errors except Exception exit export extends extern f32 f64 fallthrough False false fetch File
  filter final finally Float float float32 float64 fmt fn for format from frozenset func function get getattr global
  globalThis go goto Guid hasattr HashMap HashSet hex i128 i16 i32 i64 i8 if IllegalArgumentException
  IllegalStateException imag impl implements import in IndexError info InputStream instanceof int int16 int32 int64
  int8 Integer interface InvalidOperationException iota is isinstance isize isNaN items Iterable Iterator join JSON
  KeyError keys lambda len length let LinkedHashMap Linq List list LocalDate log Long long loop make Map map match
  matches Math max memoryview min mod module mut namespace NaN new nil None nonlocal not NotImplementedError NULL
  null nullptr Number number Object object Objects of Ok open operator Option Optional or OSError override package
  panic parseFloat parseInt pass Pattern performance pop print println private process Promise property protected
  pub public push queueMicrotask raise range RangeError Rc readonly real Record record recover ref RegExp reject
  repr require resolve Result return reversed round rune RuntimeError RuntimeException Self self Set set setattr
  setInterval setTimeout short signed size_t sizeof slice Some some sorted split static staticmethod std
  StopIteration str Stream String string StringBuilder strip struct structuredClone sum super switch Symbol
  synchronized sys System Task template then this Thread throw throws TimeSpan todo toString trait trim True true
  try tuple type typedef TypeError typeof u128 u16 u32 u64 u8 uint uint16 uint32 uint32_t uint64 uint8 uint8_t
  uintptr undefined unimplemented union unknown unreachable unsafe unsigned unwrap URL use using usize ValueError
  values var Vec virtual Void void volatile warn WeakMap WeakSet when where while with write writeln yield zip`.split(
    /\s+/,
  ),
);

/** What the collections, texts and numbers of languages have: known behind a dot, and a name like any other by itself. */
const MEMBERS = new Set(
  `add addAll and_then apply as_mut as_ref as_str assign at bind byteLength call capitalize ceil charAt charCodeAt
  chars clear clone codePointAt collect compareTo concat contains contains_key containsKey count dedup delete difference
  discard drain endsWith endswith entries entrySet equals equalsIgnoreCase every exec expect extend fill find findIndex
  findLast first flat flat_map flatMap floor fold forEach for_each freeze fromEntries getOrDefault has hasOwn
  hasOwnProperty hashCode has_key hasNext hasPrefix hasSuffix HasPrefix HasSuffix includes index indexOf insert
  intersection into into_iter is_empty is_err is_none is_ok is_some isalnum isalpha isArray isdigit isEmpty isFinite
  isInteger isspace isupper iter iter_mut keySet last lastIndexOf ljust localeCompare lower lstrip map_err max_by_key
  next normalize now nth of ok_or ok_or_else or_default or_insert or_insert_with padEnd padStart partition peek pop_front
  poll popitem position pow push_back push_str put putAll putIfAbsent random reduce remove removeAll removeIf replace
  replaceAll resolve rev rfind rjust round rsplit rstrip search setdefault shift size slice some sort sort_by
  sort_by_key splice splitlines sqrt startsWith starts_with ends_with startswith stream stringify subarray substring
  symmetric_difference take test then title toArray toFixed toISOString toList toLocaleString toLowerCase toString
  toUpperCase to_lowercase to_owned to_string to_uppercase to_vec trimEnd trimStart trunc union unshift
  unwrap_or unwrap_or_default unwrap_or_else update upper valueOf zfill
  Add AddRange Any Append Clear Concat Contains ContainsKey Count Distinct EndsWith Equals Errorf First FirstOrDefault
  GetHashCode IndexOf Insert IsNullOrEmpty IsNullOrWhiteSpace Join Last Length OrderBy Printf Println Remove RemoveAt
  Replace Select SelectMany Skip Sort Split Sprintf StartsWith Substring Sum Take ToArray ToDictionary ToList ToLower
  ToString ToUpper Trim TrimSpace TryGetValue Where`.split(/\s+/),
);

/** Words of languages behind a dot alone: by itself such a name is what the file has given it. */
const ONLY_MEMBERS = new Set(['items', 'keys', 'values']);

/** Words of one language that are names like any other in the rest: a file that declares one means that. */
const ELSEWHERE =
  /^(boolean|byte|char|double|end|error|info|join|log|long|match|number|record|short|string|task|warn)$/;

/** What any language brings along, by itself or behind a dot. */
export const LANGUAGE_NAMES: readonly string[] = [...new Set([...KNOWN, ...MEMBERS])];

const SHORTEST = 2;

export function namesIn(text: string): ReadonlySet<string> {
  return new Set(unitsOf(text).filter(isName));
}

/** Whether a language brings this name along, as one that stands by itself. */
export function isWord(name: string): boolean {
  return (KNOWN.has(name) && !ONLY_MEMBERS.has(name)) || name === '_';
}

/** Whether it may be a variable all the same, where one is declared. */
export function mayBeVariable(name: string): boolean {
  return ELSEWHERE.test(name);
}

/** Whether languages have it behind a dot. */
export function isMemberWord(name: string): boolean {
  return MEMBERS.has(name);
}

/** Distinct names of `text` that are not among `known`, in their order. */
export function unknownNames(text: string, known: ReadonlySet<string>): readonly string[] {
  const units = unitsOf(withoutProse(text));
  const isMember = (index: number) => MEMBERS.has(units[index] ?? '') && isBehindDot(units, index);
  const names = units.filter((unit, index) => isName(unit) && unit.length >= SHORTEST && !isMember(index));
  return [...new Set(names)].filter((name) => !known.has(name) && !KNOWN.has(name));
}

/** Of a style sheet, distinct variables of `text` that `around` has not: all other words are the language's own, or a page's. */
export function unknownVariables(text: string, around: string): readonly string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, ' ');
  const names = [...code.matchAll(/(?:--|\$|@)[\p{L}_][\p{L}\p{N}_-]*/gu)].map(([name]) => name);
  return [...new Set(names)].filter((name) => !around.includes(name));
}

/** `a.b`, `a?.b`, `a->b` and `a::b`. */
function isBehindDot(units: readonly string[], index: number): boolean {
  const [before, sign] = [units[index - 2], units[index - 1]];
  return sign === '.' || (sign === '>' && before === '-') || (sign === ':' && before === ':');
}

/** Distinct names of `text`, words of languages counted in. */
export function nameCount(text: string): number {
  return new Set(unitsOf(withoutProse(text)).filter(isName)).size;
}
