// Files that hold secrets never become context, not even for a model on the same machine. Pure: what git and the editor
// say of a file is asked for in privacy/.

const NAMES = [
  /^\.env(\..+)?$/,
  /^\.?envrc$/,
  /^.+\.env$/,
  /^[._](npmrc|yarnrc|pypirc|netrc|pgpass|my\.cnf|htpasswd|git-credentials|dockercfg|boto|s3cfg|vault-token|terraformrc)$/,
  /^id_(rsa|dsa|ecdsa|ed25519)(_sk)?(\..+)?$/,
  /^(credentials|secrets?|service[-_]?account([-_]?key)?)(\..+)?$/,
  /^(local\.)?secrets?\.(json|ya?ml|toml|ini|properties)$/,
  /\.(secret|secrets)\.(json|ya?ml|toml|ini|properties)$/,
  /\.(pem|key|p8|p12|pfx|ppk|jks|keystore|kdbx?|asc|gpg|age|ovpn|tfvars|tfstate)$/,
];
/** Folders whose whole content is nobody's business; paths in lower case with forward slashes. */
const FOLDERS = /(^|\/)\.(ssh|gnupg|aws|azure|kube|docker|password-store)\//;
/** Templates and public halves are meant to be shared; so is code that only speaks of secrets. */
const HARMLESS = [
  /\.env\.(example|sample|template|dist|defaults)$/,
  /^(credentials|secrets?|service[-_]?account([-_]?key)?)\.(ts|tsx|js|jsx|mjs|cjs|py|go|rs|java|kt|cs|c|cc|cpp|h|hpp|rb|php|swift|scala|md|rst|html|css|vue|svelte|d\.ts|test\.ts|test\.js|spec\.ts)$/,
  /^.+\.pub$/,
];
/** VS Code's language ids. */
const LANGUAGES = new Set(['dotenv', 'ssh_config']);
const KEY_HEADER = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----/g;
/** How soon behind its header a key begins, headers of its own in between, and what tells it from words. */
const KEY_REACH = 500;
const KEY_MATERIAL = /[A-Za-z0-9+/]{40}/;

/** `path` with either kind of slash. */
export function holdsSecrets(path: string): boolean {
  const plain = path.replace(/\\/g, '/').toLowerCase();
  const name = plain.slice(plain.lastIndexOf('/') + 1);
  if (HARMLESS.some((pattern) => pattern.test(name))) return false;
  return FOLDERS.test(plain) || NAMES.some((pattern) => pattern.test(name));
}

/** A header alone is what code that reads keys is full of. */
function holdsPrivateKey(text: string): boolean {
  for (const { index, 0: header } of text.matchAll(KEY_HEADER)) {
    const from = index + header.length;
    if (KEY_MATERIAL.test(text.slice(from, from + KEY_REACH))) return true;
  }
  return false;
}

/** Why a text stays out of every context. `unknown`: git could not be asked, and a guess would be a leak. */
export type Exclusion = 'secret' | 'git' | 'editor' | 'unknown';

export interface ExclusionFacts {
  readonly path: string;
  readonly languageId: string;
  readonly text: string;
  /** A glob of `palimpsest.context.exclude` or `files.exclude` matches. */
  readonly isHidden: boolean;
  /** Undefined where git could not say. */
  readonly isGitIgnored: boolean | undefined;
}

/** What can be told without asking git. */
export function exclusionByName(facts: Omit<ExclusionFacts, 'isGitIgnored'>): Exclusion | undefined {
  const { path, languageId, text, isHidden } = facts;
  if (holdsSecrets(path) || LANGUAGES.has(languageId) || holdsPrivateKey(text)) return 'secret';
  return isHidden ? 'editor' : undefined;
}

export function exclusionOf(facts: ExclusionFacts): Exclusion | undefined {
  const byName = exclusionByName(facts);
  if (byName !== undefined) return byName;
  if (facts.isGitIgnored === undefined) return 'unknown';
  return facts.isGitIgnored ? 'git' : undefined;
}
