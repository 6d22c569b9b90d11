// What in a text looks like a key, a token or a password, by the rules of secretlint. They are loaded with the first text.

/** What was found first. */
export interface FoundSecret {
  /** The rule's name, `aws` for instance. */
  readonly rule: string;
  /** From 1. */
  readonly line: number;
}

type Scan = (text: string) => Promise<FoundSecret | undefined>;

/** What the rules of secretlint are called. */
const RULES = '@secretlint/secretlint-rule';
/** The rules look at names for formats of their own, and open some files; a text here has a name that says nothing. */
const SOURCE = {
  filePath: 'text.txt',
  ext: '.txt',
  contentType: 'text',
  hasBOM: false,
  getFilePath: () => 'text.txt',
  getPhysicalFilePath: () => undefined,
} as const;
const REMEMBERED = 32;

let loading: Promise<Scan> | undefined;
/** Texts are asked about again at each request and seldom change; newest last. */
const known = new Map<string, Promise<FoundSecret | undefined>>();

/** The first one found; undefined where there is none. */
export function findSecret(text: string): Promise<FoundSecret | undefined> {
  const before = known.get(text);
  known.delete(text);
  loading ??= load();
  const found = before ?? loading.then((scan) => scan(text));
  known.set(text, found);
  found.catch(() => {
    // Nothing is read unjudged; a build that was just being replaced is there the next time.
    loading = undefined;
    known.delete(text);
  });
  for (const oldest of known.keys()) {
    if (known.size <= REMEMBERED) break;
    known.delete(oldest);
  }
  return found;
}

/**
 * The rules without secretlint's own runner, which keeps marks of every run for ever (performance entries). What a rule is:
 * secretlint's `SecretLintRuleCreator`.
 */
interface Rule {
  readonly meta: { readonly id: string };
  create(context: object, options: object): { file?(source: object): unknown };
}

async function load(): Promise<Scan> {
  const preset = await import('@secretlint/secretlint-rule-preset-recommend');
  // Comments in a file do not decide whether it is read.
  const rules = (preset.rules as readonly Rule[]).filter(
    ({ meta }) => meta.id !== `${RULES}-filter-comments`,
  );
  return async (text) => {
    const own = findOwn(text);
    if (own !== undefined) return own;
    const source = { ...SOURCE, content: text };
    for (const rule of rules) {
      let found: number | undefined;
      const context = {
        sharedOptions: {},
        createTranslator: () => (messageId: string) => ({ messageId, message: messageId }),
        ignore: () => undefined,
        report: ({ range }: { readonly range: readonly [number, number] }) => {
          found ??= range[0];
        },
      };
      await rule.create(context, {}).file?.(source);
      if (found !== undefined)
        return { rule: rule.meta.id.replace(`${RULES}-`, ''), line: lineOf(text, found) };
    }
    return undefined;
  };
}

/** Formats that their makers document and secretlint's recommended rules leave out. */
const FORMATS: Readonly<Record<string, RegExp>> = {
  'aws-access-key-id': /\b(?:AKIA|ASIA)(?!.{0,13}EXAMPLE)[A-Z0-9]{16}\b/,
  'google-api-key': /\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])/,
  stripe: /\b[rs]k_live_[0-9A-Za-z]{16,247}\b/,
  twilio: /\bSK[0-9a-f]{32}\b/,
  openai: /\bsk-[\w-]{20,200}T3BlbkFJ[\w-]{20,200}/,
  telegram: /\b\d{8,10}:AA[\w-]{33}(?![\w-])/,
  digitalocean: /\bdo[opr]_v1_[0-9a-f]{64}\b/,
  'azure-storage': /\bAccountKey=[A-Za-z0-9+/]{86}==/,
  'azure-signature': /[?&]sig=[A-Za-z0-9%+/]{40,100}/,
  discord: /\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])/,
  mailgun: /\bkey-[0-9a-f]{32}\b/,
  pypi: /\bpypi-AgE[\w-]{50,500}/,
  age: /\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b/,
  'json-web-token': /\beyJ[\w-]{10,4096}\.eyJ[\w-]{10,8192}\.[\w-]{16,4096}/,
  'url-with-password':
    /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/?#@'"`<>${}]{0,64}:(?!\*+@|x+@|pass(?:word)?@|[$<{%])[^\s:/?#@'"`<>${}]{3,128}@[\w.-]{1,253}/i,
};
const PROMISING =
  '(?:secret|token|passwo?r?d|passphrase|api_?key|access_?key|private_?key|account_?key|credential|auth)[\\w-]{0,20}';
/** What is given to a name: in quotes of any language, or bare up to where a value ends; with other signs in it, up to the end of the line. */
const VALUE = `(?:[bruf]{0,2}(["'\`])([!#-&(-[\\]-_a-~]{16,512})\\1|([\\w+/=.~-]{16,512})(?=["'\`;,&<)}\\]\\s]|$)|([\\w+/=.~!@#$%^&*?:-]{16,512})(?=\\s{0,3}(?:[\\r\\n]|$)))`;
/** A name that promises a secret, and what is given to it: by assignment, as an attribute or element, behind a flag. */
const NAMED = [
  `${PROMISING}["']?\\]?\\s{0,3}(?::\\s?[\\w<>|. ]{1,40}=|[:=]{1,2}>?|>|["']\\s{1,3}value\\s?=)\\s{0,3}${VALUE}`,
  `(?:\\bENV\\s{1,3}|--?)[\\w-]{0,30}${PROMISING}\\s{1,3}${VALUE}`,
  `\\b(?:bearer|basic)\\s{1,3}${VALUE}`,
].map((pattern) => new RegExp(pattern, 'gi'));

function findOwn(text: string): FoundSecret | undefined {
  for (const [rule, pattern] of Object.entries(FORMATS)) {
    const found = pattern.exec(text);
    if (found !== null) return { rule, line: lineOf(text, found.index) };
  }
  for (const pattern of NAMED) {
    for (const { 2: quoted, 3: bare, 4: signed, index } of text.matchAll(pattern)) {
      if (isSecret({ quoted, bare, signed })) return { rule: 'named-secret', line: lineOf(text, index) };
    }
  }
  return undefined;
}

function isSecret({
  quoted,
  bare,
  signed,
}: Readonly<Record<'quoted' | 'bare' | 'signed', string | undefined>>): boolean {
  if (bare !== undefined) return isRandom(bare) && !isMadeOfWords(bare);
  if (signed !== undefined) return isRandomWithSigns(signed) && !OPERATORS.test(signed);
  const value = quoted ?? '';
  return PLAIN.test(value) ? isRandom(value) : isRandomWithSigns(value);
}

const PLAIN = /^[\w+/=.~-]*$/;
/** Code without a blank. */
const CALL = /\w\(.*\)$/;
const OPERATORS = /&&|\|\||[=!<>*+-]=|[=-]>|::|\+\+|--/;
/** What stands for a value, an address, and a pattern. */
const TEMPLATE = /^\$\w+$|^<.*>$|[$#%]\{|\{\{|%\(|<%|[<{[][\w .-]*[>}\]]/;
const ADDRESS = /:\/\/|^[\w.+-]+@[\w-]+\.[\w.]+$/;
const PATTERN = /^[/^]|\[\^?\w-\w|\(\?|\{\d+(?:,\d*)?\}/;
/** Django's own mark of keys that it has made. */
const MARKED = /^django-insecure-/;

/** Random text in which signs are as likely as letters: hardly a word in it, and no run of one kind. */
function isRandomWithSigns(marked: string): boolean {
  const value = marked.replace(MARKED, '');
  if ([TEMPLATE, ADDRESS, PATTERN, CALL].some((other) => other.test(value))) return false;
  // Of a long one, more letters may come together by chance.
  const longestRun = value.length < 40 ? 4 : value.length / 5;
  if (value.match(/[a-z]+|[A-Z]+/g)?.some(({ length }) => length > longestRun)) return false;
  const runs = value.match(/[a-z]+|[A-Z]+|\d+|[^\w]+|_+/g)?.length ?? 0;
  const count = (kind: RegExp) => value.match(kind)?.length ?? 0;
  return (
    runs >= 0.45 * value.length &&
    count(/[a-z]/gi) >= 4 &&
    count(/\d/g) >= 1 &&
    count(/[^a-z]/gi) >= 4 &&
    bitsOf(value) >= 3.4
  );
}

/** Bits a character from which a text is no word, path or identifier; those of base64 have six, of English about four. */
const RANDOM_BITS = 3.7;
/** A shorter one has to look like nothing else. */
const LONG = 20;

function isRandom(value: string): boolean {
  if (value.length < LONG && isMadeOfWords(value)) return false;
  // `token_2`, `sha256:` and dates change between letters and digits once or twice.
  if ((value.match(/[a-z][0-9]|[0-9][a-z]/gi)?.length ?? 0) < 3) return false;
  const bits = bitsOf(value);
  // Sixteen characters of hexadecimal digits have four bits at most.
  if (/^[0-9a-f-]+$/i.test(value)) return bits >= 3;
  return bits >= Math.min(RANDOM_BITS, Math.log2(value.length) - 0.5);
}

/** Bits a character, by how often each comes. */
function bitsOf(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => {
    const share = count / value.length;
    return sum - share * Math.log2(share);
  }, 0);
}

/** Bare, it may as well be code: names, paths and calls have whole words, of which random text has one at the most. */
function isMadeOfWords(value: string): boolean {
  return (value.match(/[a-z]{4,}/g)?.length ?? 0) >= 2 || /[a-z]{9,}/.test(value);
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split(/\r\n|\r|\n/).length;
}
