// Which files of a workspace a text imports. No language is parsed: what looks like an import is compared with the paths that
// are there, and what fits none of them is a library's. Pure.
import { hasKnownExtension } from './languages';
import { folderOf } from './ranking';

/** UTF-16 units of a text's beginning: imports stand there. */
const REACH = 20_000;
const MOST_IMPORTS = 64;
/** What a folder's own name stands for. */
const INDEXES = new Set(['index', '__init__', 'mod', 'lib', 'main']);

/** Blanks are counted: without a bound, a long stretch of empty lines is looked through again from each of them. */
const PATHS = [
  /\b(?:from|import|require|require_relative|include|export)\s{0,80}(?:\(\s{0,80})?["']([^"'\n]{1,300})["']/g,
  /^[^\S\n]{0,80}#[^\S\n]{0,80}(?:include|import)[^\S\n]{0,80}["<]([^">\n]{1,300})[">]/gm,
  /^[^\S\n]{0,80}@(?:import|use|forward)[^\S\n]{1,80}["']([^"'\n]{1,300})["']/gm,
];
const MODULES = [
  /^[^\S\n]{0,80}(?:from[^\S\n]{1,80}([.\w]{1,200})[^\S\n]{1,80}import\b|import[^\S\n]{1,80}(?:static[^\S\n]{1,80})?([\w.]{1,200})(?=[^\S\n]{0,80}(?:[;,*]|as\b|$)))/gm,
  /^[^\S\n]{0,80}(?:pub(?:\([^)\n]{0,40}\))?[^\S\n]{1,80})?(?:mod|use)[^\S\n]{1,80}((?:\w{1,80}::){0,8}\w{1,80})/gm,
];

/** Paths by the name that an import has for them: without folder and extension. */
export class ImportablePaths {
  private readonly byStem = new Map<string, Set<string>>();

  constructor(paths: Iterable<string> = []) {
    for (const path of paths) this.add(path);
  }

  add(path: string): void {
    for (const stem of stemsOf(path)) {
      const own = this.byStem.get(stem);
      if (own === undefined) this.byStem.set(stem, new Set([path]));
      else own.add(path);
    }
  }

  delete(path: string): void {
    for (const stem of stemsOf(path)) {
      const own = this.byStem.get(stem);
      own?.delete(path);
      if (own?.size === 0) this.byStem.delete(stem);
    }
  }

  /** Paths that the text of the file at `path` imports, in the order in which it names them. */
  importedBy(path: string, text: string): readonly string[] {
    const found = new Set<string>();
    for (const segments of importsIn(text.slice(0, REACH))) {
      for (const one of this.resolve(folderOf(path), segments)) if (one !== path) found.add(one);
    }
    return [...found];
  }

  private resolve(folder: string, { up, segments }: Import): readonly string[] {
    // The last one may be a name in the module.
    for (const some of [segments, segments.slice(0, -1)]) {
      const stem = some.at(-1);
      if (stem === undefined) break;
      const suffix = some.join('/');
      const places = [...(this.byStem.get(stem) ?? [])].filter((path) => {
        const plain = withoutExtension(path);
        if (up !== undefined) return isAt(plain, joined(ancestor(folder, up), suffix));
        return plain === suffix || plain.endsWith(`/${suffix}`) || isIndexOf(plain, suffix);
      });
      // The same name in many places says nothing.
      if (places.length > 0 && places.length <= 2) return places;
    }
    return [];
  }
}

interface Import {
  /** Folders above the importing file's own that it counts from; undefined: from nowhere that could be known. */
  readonly up: number | undefined;
  readonly segments: readonly string[];
}

function importsIn(text: string): readonly Import[] {
  const found: Import[] = [];
  for (const pattern of PATHS) {
    for (const [, path = ''] of text.matchAll(pattern)) found.push(fromPath(path));
  }
  for (const pattern of MODULES) {
    for (const [, first, second] of text.matchAll(pattern)) found.push(fromModule(first ?? second ?? ''));
  }
  return found.slice(0, MOST_IMPORTS);
}

function fromPath(path: string): Import {
  const parts = path.split('/');
  let up: number | undefined;
  while (parts[0] === '.' || parts[0] === '..') up = (up ?? 0) + (parts.shift() === '..' ? 1 : 0);
  const last = parts.pop() ?? '';
  return { up, segments: [...parts, withoutExtension(last)].filter((part) => part !== '' && part !== '@') };
}

function fromModule(module: string): Import {
  const [dots = ''] = /^\.*/.exec(module) ?? [];
  const segments = module.split(/\.|::/).filter((part) => part !== '' && !/^(crate|self|super)$/.test(part));
  return { up: dots.length > 0 ? dots.length - 1 : undefined, segments };
}

function stemsOf(path: string): readonly string[] {
  const plain = withoutExtension(path);
  const stem = nameOf(plain);
  const folder = nameOf(folderOf(plain));
  return INDEXES.has(stem) && folder !== '' ? [stem, folder] : [stem];
}

/** `b.test` is a name without one, `b.test.ts` is not. */
function withoutExtension(path: string): string {
  if (!hasKnownExtension(path)) return path;
  const plain = path.slice(0, path.lastIndexOf('.'));
  return plain.endsWith('.d') ? plain.slice(0, -2) : plain;
}

function isAt(plain: string, place: string): boolean {
  return plain === place || isIndexAt(plain, place);
}

function isIndexAt(plain: string, place: string): boolean {
  return folderOf(plain) === place && INDEXES.has(nameOf(plain));
}

function isIndexOf(plain: string, suffix: string): boolean {
  const folder = folderOf(plain);
  return (folder === suffix || folder.endsWith(`/${suffix}`)) && isIndexAt(plain, folder);
}

function ancestor(folder: string, up: number): string {
  let place = folder;
  for (let i = 0; i < up; i++) place = folderOf(place);
  return place;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function joined(folder: string, suffix: string): string {
  return folder === '' ? suffix : `${folder}/${suffix}`;
}
