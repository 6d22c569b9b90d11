// Names of standard libraries that a file has to import before it uses them. An answer that brings one and not its import does not run.

import { isBound, isImported, isMember } from './binding';
import { BRINGS_ANY, isWithin, nodesOf } from './parsedText';
import { PYTHON, type ScopeNode } from './scopeNode';
import type { OffsetRange } from './types';

const NAMES = ['identifier', 'type_identifier'];
const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

interface Library {
  /** Whether a text is of its language, as far as its root does not tell. */
  readonly isOf: RegExp;
  readonly root: string;
  /** Modules and packages: something of theirs is used, with a dot. */
  readonly modules: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
}

const LIBRARIES: readonly Library[] = [
  {
    ...{ root: PYTHON, isOf: /(?:)/ },
    modules:
      words(`bisect collections contextlib copy csv dataclasses datetime decimal functools heapq io itertools json logging math
      operator os pathlib random re shutil statistics string subprocess sys threading time typing uuid`),
    names:
      words(`ABC abstractmethod Any Callable ChainMap Counter dataclass date datetime Decimal deque defaultdict Dict Enum
      field Fraction Generator groupby IntEnum Iterable Iterator lru_cache NamedTuple namedtuple Optional OrderedDict partial Path
      Protocol reduce Sequence timedelta total_ordering Tuple Union wraps`),
  },
  {
    ...{ root: 'program', isOf: /^(import|package) +(static +)?[\w.]+;/m, modules: new Set() },
    names:
      words(`ArrayDeque ArrayList Arrays AtomicInteger AtomicLong BigDecimal BigInteger BufferedReader Collection Collections
      Collectors Comparator CompletableFuture ConcurrentHashMap Deque Duration EnumMap EnumSet Executors ExecutorService Files
      HashMap HashSet IOException Instant IntStream Iterator LinkedHashMap LinkedHashSet LinkedList List LocalDate LocalDateTime
      Locale Map Matcher Objects Optional Paths Pattern PriorityQueue Queue Scanner Set Stream StringJoiner TimeUnit TreeMap TreeSet
      UUID`),
  },
  {
    ...{ root: 'source_file', isOf: /^package +\w+[ \t]*$/m, names: new Set() },
    modules:
      words(`atomic binary bufio bytes context errors filepath fmt http io json list log maps math os rand reflect regexp slices
      sort strconv strings sync time unicode url utf8`),
  },
  {
    ...{
      root: 'source_file',
      isOf: /^\s*(pub +)?(use|mod|fn|impl|struct|enum|trait|async|const)\b/m,
      modules: new Set(),
    },
    names:
      words(`Arc BTreeMap BTreeSet BinaryHeap Cell Cow Duration File HashMap HashSet Instant Mutex PathBuf PhantomData Rc RefCell
      RwLock VecDeque`),
  },
];

/** C++: what stands behind `std::`, by the header that has it. Others may bring it as well, so those of a file's own say nothing. */
const HEADERS: Readonly<Record<string, ReadonlySet<string>>> = {
  algorithm:
    words(`all_of any_of clamp copy copy_if count count_if equal fill find find_if for_each lower_bound max_element min_element
    none_of remove_if reverse sort stable_sort transform unique upper_bound`),
  cmath: words(
    'abs acos asin atan atan2 cbrt ceil cos exp fabs floor fmod hypot log log10 log2 lround pow round sin sqrt tan trunc',
  ),
  cstdlib: words('abs'),
  fstream: words('endl'),
  iostream: words('cerr cin clog cout endl'),
  memory: words('make_shared make_unique shared_ptr unique_ptr weak_ptr'),
  numeric: words('accumulate gcd iota lcm partial_sum reduce'),
  ostream: words('endl'),
  sstream: words('endl istringstream ostringstream stringstream'),
};
const STD = /\bstd\s*::\s*(\w+)/g;
/** Headers that are not of the library, or bring others of it along (`<math.h>`, `<bits/stdc++.h>`), and modules. */
const ANY_HEADER = /^[ \t]*(#[ \t]*include[ \t]*("|<[^>\n]*[/.])|import\b)/m;

/** Go: `import . "strings"` brings all of its names. */
const DOT_IMPORT = /^[ \t]*import\b[^\n]*[ \t]\.[ \t]/m;

/** Of what a region uses, names that need an import and stand nowhere else in the text. */
export function unimportedIn(root: ScopeNode, text: string, region: OffsetRange): readonly string[] {
  if (root.type === 'translation_unit') return unincludedIn(text, region);
  const library = LIBRARIES.find((one) => one.root === root.type && one.isOf.test(text));
  if (library === undefined || BRINGS_ANY.test(text) || DOT_IMPORT.test(text)) return [];
  const { modules, names } = library;
  const found = nodesOf({ root, text }, NAMES, (name) => modules.has(name) || names.has(name));
  return [...found].flatMap(([name, nodes]) => {
    if (!nodes.every((node) => isWithin(node, region) || isMember(text, node.startIndex))) return [];
    if (nodes.some((node) => isBound(node) || isImported(node))) return [];
    // Go imports by strings: `import "encoding/json"`.
    if (new RegExp(`["/]${name}"`).test(text)) return [];
    const uses = nodes.filter((node) => isWithin(node, region) && !isMember(text, node.startIndex));
    const isUse = ({ endIndex }: ScopeNode) => names.has(name) || text[endIndex] === '.';
    return uses.some(isUse) ? [name] : [];
  });
}

function unincludedIn(text: string, { start, end }: OffsetRange): readonly string[] {
  if (ANY_HEADER.test(text)) return [];
  const namesOf = (part: string) => new Set([...part.matchAll(STD)].flatMap(([, name]) => name ?? []));
  const others = namesOf(`${text.slice(0, start)}\n${text.slice(end)}`);
  return [...namesOf(text.slice(start, end))].filter((name) => {
    const headers = Object.keys(HEADERS).filter((one) => HEADERS[one]?.has(name));
    const isIncluded = headers.some((one) => new RegExp(`#[ \\t]*include[ \\t]*<${one}>`).test(text));
    return headers.length > 0 && !isIncluded && !others.has(name);
  });
}
