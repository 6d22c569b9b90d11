// Names that languages and their platforms have, and that are no words of theirs: whoever declares one hides it, and whoever does not has it.
import { isWord } from '../candidates/quality/names';

/** What a platform has without a declaration: a browser, a runtime, a prelude, a setter of C#. */
export const AMBIENT: ReadonlySet<string> = new Set(
  `AbortController AbortSignal Blob Buffer clear CompletableFuture crypto CustomEvent document Element event Event EventTarget FileReader
  FormData FromIterator FutureOr Headers HTMLElement Image IntoIterator length location MessageChannel name Node Notification origin
  Request Response status TextDecoder TextEncoder ToOwned ToString TryFrom TryInto URLSearchParams value WebSocket window Worker
  XMLHttpRequest`.split(/\s+/),
);

/** What runs a script has these: a test runner, a page, a worker, Node.js. */
const AROUND_SCRIPTS: ReadonlySet<string> = new Set(
  `__dirname __filename __import__ after afterAll afterEach before beforeAll beforeEach browser caches cancelAnimationFrame
  cancelIdleCallback chai chrome clearImmediate context cy decodeURI define describe devicePixelRatio encodeURI escape exports exit fdescribe fit frames
  getSelection global importScripts indexedDB innerHeight innerWidth issubclass jasmine jest jQuery localStorage mocha onmessage opener
  page performance reportError requestIdleCallback scrollX scrollY sessionStorage should sinon specify suite suiteSetup
  suiteTeardown setup teardown unescape vi visualViewport webkit xdescribe xit`.split(/\s+/),
);

/** Functions that a language has: methods are called so, too. */
export const BUILT_IN: ReadonlySet<string> = new Set(
  `addEventListener aiter alert anext ascii atob attr_accessor attr_reader attr_writer bin blur breakpoint btoa bytearray chr compile
  confirm delattr dir dispatchEvent display drop eval exec expect find focus getComputedStyle globals hash help history id input
  isFinite it iter locals location matchMedia navigator next oct ord parent postMessage pow prompt puts quit removeEventListener
  requestAnimationFrame require_relative screen scroll scrollTo setImmediate stop test top vars`.split(/\s+/),
);

/** Whether the name means something wherever it stands. */
export function isAmbient(name: string): boolean {
  return isWord(name) || [AMBIENT, BUILT_IN, AROUND_SCRIPTS].some((names) => names.has(name));
}
