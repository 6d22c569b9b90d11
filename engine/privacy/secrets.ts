// Files that hold secrets never become context, not even for a model on the same machine. Pure: what git and the editor
// say of a file is asked for in privacy/.

/** In lower case. */
const NAMES = [
  // Environments of programs.
  /^\.env([._-].+)?$/,
  /^\.?envrc$/,
  /^.+\.env$/,
  /^\.dev\.vars(\..+)?$/,
  // What tools log in with.
  /^[._](npmrc|yarnrc(\.yml)?|pypirc|netrc|pgpass|my\.cnf|mylogin\.cnf|htpasswd|git-credentials|dockercfg|boto|s3cfg|terraformrc|curlrc|wgetrc|databrickscfg|vault[-_]?(token|pass)(word)?(\.txt)?)$/,
  /^(pgpass\.conf|htpasswd|rclone\.conf|kaggle\.json|nuget\.config|\.ftpconfig|\.remote-sync\.json|sitemanager\.xml|settings-security\.xml)$/,
  /^(kubeconfig(\..+)?|.+\.kubeconfig|(admin|kubelet|super-admin)\.conf)$/,
  // Keys.
  /^id_(rsa|dsa|ecdsa|ed25519)([._-].+)?$/,
  /^(key(store)?\.properties|wallet\.dat|rootkey\.csv|.*accesskeys?\.csv)$/,
  /^(api|access|secret|private|auth)[-_]?keys?\.(txt|json|ya?ml|csv|toml)$/,
  /^((api|access|auth|github|gitlab|bot)[-_]?)?token\.(txt|json|ya?ml|pickle)$/,
  /^(pass(word|wd)s?|logins)\.(txt|csv|json|ya?ml|md)$/,
  /^(.+[-_])?(gcp|gcloud|sa|service)[-_]?(account[-_]?)?key\.json$/,
  /^\.(sentryclirc|hgrc|ngrok2?\.yml)$/,
  /\.(pem|key|p8|p12|pfx|ppk|jks|jceks|bcfks|keystore|keytab|kdbx?|psafe3|asc|gpg|age|ovpn|publishsettings)$/,
  // Accounts of services and clouds.
  /^(credentials|secrets?|service[-_]?account([-_]?key)?)(\..+)?$/,
  /^(local\.)?secrets?\.(json|ya?ml|toml|ini|properties)$/,
  /\.(secret|secrets)\.(json|ya?ml|toml|ini|properties)$/,
  /^client[-_]?secrets?.*\.json$/,
  /^application_default_credentials\.json$/,
  /^(.+-)?firebase-adminsdk-.+\.json$/,
  /\.(tfvars(\.json)?|tfstate(\.backup)?|tfrc\.json)$/,
  // Configuration in which a framework keeps its passwords.
  /^wp-config.*\.php$/,
  /^(appsettings(\..+)?|local\.settings)\.json$/,
  /^(connectionstrings\.config|local_settings\.py|settings\.local\.php|vault\.ya?ml)$/,
  // What was typed at a prompt.
  /^[._](.+[-_]?)history$|^fish_history$/,
  /^(consolehost_history\.txt|\.zhistory|\.histfile|\.lesshst|\.viminfo|\.mongorc\.js)$/,
];
/** Folders whose whole content is nobody's business, and files that only their folder tells; in lower case, forward slashes. */
const PLACES = [
  /(^|\/)\.(ssh|gnupg|aws|azure|kube|docker|password-store|oci|databricks|snowsql|bluemix|terraform\.d)\//,
  /(^|\/)(\.config|appdata\/roaming)\/(gh|hub|glab-cli|gcloud|git\/credentials|rclone|doctl|op|github cli|github-copilot)(\/|$)/,
  /(^|\/)run\/secrets\//,
  /(^|\/)\.(m2\/settings\.xml|cache\/huggingface\/(token|stored_tokens)|huggingface\/token|dbt\/profiles\.yml|fly\/config\.yml|composer\/auth\.json|config\/composer\/auth\.json|gradle\/gradle\.properties|vscode\/sftp\.json)$/,
  /(^|\/)config\/(database|secrets)\.yml$/,
];
/** Templates and public halves are meant to be shared; so is code that only speaks of secrets. */
const HARMLESS = [
  /[.-](example|sample|template|tmpl|dist|defaults)(\.\w+)?$/,
  // `credentials.service.ts` is code, `secrets.prod.ts` may be anything.
  /^(credentials|secrets?|service[-_]?account([-_]?key)?)(\.(?!(local|private|dev|development|prod|production|live|staging)\.)[\w-]+){0,2}\.(ts|tsx|js|jsx|mjs|cjs|mts|cts|py|pyi|go|rs|java|kt|cs|c|cc|cpp|h|hpp|rb|php|swift|scala|md|rst|html|css|vue|svelte)$/,
  /^.+\.pub$/,
];
/** VS Code's language ids. */
const LANGUAGES = new Set(['dotenv', 'ssh_config']);
const KEY_HEADER = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----/g;
/** How soon behind its header a key begins, headers of its own in between, and what tells it from words. */
const KEY_REACH = 500;
const KEY_MATERIAL = /[A-Za-z0-9+/]{40}/;

/** A copy that an editor or a person has made of a file, and other spellings of its name on Windows: a stream, dots at the end. */
const COPY =
  /([~#]|\.(bak|backup|old|orig|save|saved|sw[a-p]|tmp|copy|\d{1,3})|[ _-]copy( \d+)?|[ ]?\(\d+\)|::?[^:]*|[. ]+)$/;
const MOST_COPIES = 4;

/** `path` with either kind of slash. */
export function holdsSecrets(path: string): boolean {
  const plain = path.replace(/\\/g, '/').toLowerCase();
  const names = spellingsOf(plain.slice(plain.lastIndexOf('/') + 1));
  if (names.some((name) => HARMLESS.some((pattern) => pattern.test(name)))) return false;
  return (
    PLACES.some((place) => place.test(plain)) || names.some((name) => NAMES.some((one) => one.test(name)))
  );
}

/** A name, and those of the files that it may be a copy of. */
function spellingsOf(name: string): readonly string[] {
  const names = [name];
  for (let last = name; names.length <= MOST_COPIES; ) {
    const original = last.replace(COPY, '').replace(/^\.?#/, '');
    if (original === last || original === '') break;
    names.push(original);
    last = original;
  }
  return names;
}

/** A header alone is what code that reads keys is full of. */
function holdsPrivateKey(text: string): boolean {
  for (const { index, 0: header } of text.matchAll(KEY_HEADER)) {
    const from = index + header.length;
    if (KEY_MATERIAL.test(text.slice(from, from + KEY_REACH))) return true;
  }
  return false;
}

/** Why a text stays out of every context. `token`: by its content; `unknown`: no certain answer, and a guess would be a leak. */
export type Exclusion = 'secret' | 'token' | 'git' | 'editor' | 'unknown';

interface Facts {
  readonly path: string;
  readonly languageId: string;
  readonly text: string;
  /** A glob of `palimpsest.context.exclude` or `files.exclude` matches. */
  readonly isHidden: boolean;
}

/** What can be told without asking anybody. */
export function exclusionByName({ path, languageId, text, isHidden }: Facts): Exclusion | undefined {
  if (holdsSecrets(path) || LANGUAGES.has(languageId) || holdsPrivateKey(text)) return 'secret';
  return isHidden ? 'editor' : undefined;
}
