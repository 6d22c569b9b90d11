// An editor knows a file's language; whoever has only its name asks here.
import path from 'node:path';

// VS Code's language ids.
const BY_EXTENSION = {
  '.bash': 'shellscript',
  '.c': 'c',
  '.cc': 'cpp',
  '.cjs': 'javascript',
  '.cpp': 'cpp',
  '.cs': 'csharp',
  '.css': 'css',
  '.cts': 'typescript',
  '.cxx': 'cpp',
  '.dart': 'dart',
  '.ex': 'elixir',
  '.exs': 'elixir',
  '.go': 'go',
  '.h': 'c',
  '.hh': 'cpp',
  '.hpp': 'cpp',
  '.hs': 'haskell',
  '.htm': 'html',
  '.html': 'html',
  '.java': 'java',
  '.jl': 'julia',
  '.js': 'javascript',
  '.json': 'json',
  '.jsx': 'javascriptreact',
  '.kt': 'kotlin',
  '.less': 'less',
  '.lua': 'lua',
  '.md': 'markdown',
  '.mjs': 'javascript',
  '.mm': 'objective-cpp',
  '.mts': 'typescript',
  '.php': 'php',
  '.pl': 'perl',
  '.ps1': 'powershell',
  '.py': 'python',
  '.pyi': 'python',
  '.pyw': 'python',
  '.r': 'r',
  '.rb': 'ruby',
  '.rs': 'rust',
  '.scala': 'scala',
  '.scss': 'scss',
  '.sh': 'shellscript',
  '.sql': 'sql',
  '.svelte': 'svelte',
  '.swift': 'swift',
  '.toml': 'toml',
  '.ts': 'typescript',
  '.tsx': 'typescriptreact',
  '.vue': 'vue',
  '.xml': 'xml',
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.zsh': 'shellscript',
};
const BY_NAME = {
  Dockerfile: 'dockerfile',
  Makefile: 'makefile',
};

/** VS Code's language id of a file by its name, where the table has it. */
export function languageOf(file: string): string | undefined {
  return entryOf(BY_NAME, path.basename(file)) ?? entryOf(BY_EXTENSION, path.extname(file).toLowerCase());
}

/** A file may be called `constructor`. */
function entryOf(table: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
