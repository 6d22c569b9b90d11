// Which files of a workspace are source code, told by their names alone: nothing is opened to find out. Pure.

/** VS Code's language ids by extension, in lower case. */
const CODE: Readonly<Record<string, string>> = {
  astro: 'astro',
  bash: 'shellscript',
  c: 'c',
  cc: 'cpp',
  cjs: 'javascript',
  clj: 'clojure',
  coffee: 'coffeescript',
  cpp: 'cpp',
  cs: 'csharp',
  css: 'css',
  cts: 'typescript',
  cu: 'cuda-cpp',
  cxx: 'cpp',
  dart: 'dart',
  elm: 'elm',
  erl: 'erlang',
  ex: 'elixir',
  exs: 'elixir',
  fs: 'fsharp',
  fsx: 'fsharp',
  glsl: 'glsl',
  go: 'go',
  gradle: 'groovy',
  graphql: 'graphql',
  groovy: 'groovy',
  h: 'c',
  hh: 'cpp',
  hpp: 'cpp',
  hs: 'haskell',
  html: 'html',
  java: 'java',
  jl: 'julia',
  js: 'javascript',
  jsx: 'javascriptreact',
  kt: 'kotlin',
  kts: 'kotlin',
  less: 'less',
  lua: 'lua',
  m: 'objective-c',
  mjs: 'javascript',
  ml: 'ocaml',
  mm: 'objective-cpp',
  mts: 'typescript',
  nim: 'nim',
  php: 'php',
  pl: 'perl',
  pm: 'perl',
  proto: 'proto3',
  ps1: 'powershell',
  py: 'python',
  pyi: 'python',
  r: 'r',
  rb: 'ruby',
  rs: 'rust',
  sass: 'sass',
  scala: 'scala',
  scss: 'scss',
  sh: 'shellscript',
  sol: 'solidity',
  sql: 'sql',
  svelte: 'svelte',
  swift: 'swift',
  tf: 'terraform',
  ts: 'typescript',
  tsx: 'typescriptreact',
  vb: 'vb',
  vue: 'vue',
  zig: 'zig',
};
/** Text that code is seldom copied from: it comes after all code, unless it is what is edited. */
const PROSE: Readonly<Record<string, string>> = {
  json: 'json',
  jsonc: 'jsonc',
  md: 'markdown',
  rst: 'restructuredtext',
  toml: 'toml',
  xml: 'xml',
  yaml: 'yaml',
  yml: 'yaml',
};

const LANGUAGES: ReadonlyMap<string, string> = new Map(Object.entries({ ...CODE, ...PROSE }));

/** Languages that share most of their code; every other one stands by itself. */
const KIN: Readonly<Record<string, string>> = {
  javascript: 'typescript',
  javascriptreact: 'typescript',
  typescriptreact: 'typescript',
  cpp: 'c',
  'cuda-cpp': 'c',
  'objective-c': 'c',
  'objective-cpp': 'c',
};

/** Files that a tool writes, by names that tools give. */
const GENERATED = [
  /\.min\.(js|css|mjs)$/,
  /[.-](bundle|chunk)\.m?js$/,
  /^(package-lock|npm-shrinkwrap|composer\.lock|pnpm-lock)\.(json|yaml)$/,
  /(_pb2(_grpc)?\.pyi?|\.pb(\.gw)?\.(go|cc|h)|_pb\.(js|d\.ts)|\.pb\.swift)$/,
  /\.(g|freezed|gr)\.dart$/,
  /\.(designer|g|g\.i)\.cs$/,
  /\.generated\.\w+$/,
];

/** VS Code's language id; undefined for what is no source code, or is written by a tool. */
export function languageOf(path: string): string | undefined {
  const language = LANGUAGES.get(extensionOf(path));
  if (language === undefined) return undefined;
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  return GENERATED.some((pattern) => pattern.test(name)) ? undefined : language;
}

export function hasKnownExtension(path: string): boolean {
  return LANGUAGES.has(extensionOf(path));
}

/** In lower case; empty for names without one. */
function extensionOf(path: string): string {
  const dot = path.lastIndexOf('.');
  return dot > path.lastIndexOf('/') + 1 ? path.slice(dot + 1).toLowerCase() : '';
}

/** The same for languages that copy from each other: TypeScript and JavaScript, C and C++. */
export function kinOf(language: string): string {
  return KIN[language] ?? language;
}

const PROSE_LANGUAGES = new Set(Object.values(PROSE));

export function isProse(language: string): boolean {
  return PROSE_LANGUAGES.has(language);
}
