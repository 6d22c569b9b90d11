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

const SHORTEST = 2;

export function namesIn(text: string): ReadonlySet<string> {
  return new Set(unitsOf(text).filter(isName));
}

/** Whether a language brings this name along. */
export function isWord(name: string): boolean {
  return KNOWN.has(name) || name === '_';
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
