// The files that an agent may have read to it: those of the workspace, by the rules of docs/privacy.md.
import { access } from 'node:fs/promises';
import path from 'node:path';
import picomatch from 'picomatch';
import { EngineError } from '../errors';
import { canonicalPath, pathWithin } from '../privacy/canonicalPath';
import { findSecret } from '../privacy/contentRules';
import { GitIgnore } from '../privacy/gitIgnore';
import { exclusionByName } from '../privacy/secrets';
import { languageOf } from './language';
import { readText } from './readText';

export interface WorkspaceRules {
  /** Folders; relative paths start at the first one that has the file. */
  readonly roots: readonly string[];
  /** Globs as in VS Code's settings, relative to a root; one that matches a folder means all that is in it. */
  readonly exclude?: readonly string[];
  /** Whether files that Git ignores are read, too. */
  readonly withIgnored?: boolean;
}

export interface SourceText {
  /** Relative to its root, with forward slashes. */
  readonly name: string;
  /** Absolute, links resolved. */
  readonly file: string;
  readonly text: string;
  readonly language?: string;
}

/** What Git keeps of a repository is no code. */
const ALWAYS = ['**/.git'];

const UNREAD = {
  'too-long': 'has more than 4 MB.',
  encoding: 'is not valid UTF-8; save it as UTF-8 first.',
  unreadable: 'does not exist or cannot be read.',
} as const;

export class WorkspaceFiles {
  private readonly git = new GitIgnore({ git: () => 'git', isTrusted: () => true, log: () => undefined });
  private readonly isExcluded: (name: string) => boolean;
  private roots: Promise<readonly string[]> | undefined;

  constructor(private readonly rules: WorkspaceRules) {
    const globs = [...ALWAYS, ...(rules.exclude ?? [])].flatMap((glob) => [glob, `${glob}/**`]);
    this.isExcluded = picomatch(globs, { dot: true });
  }

  /**
   * The text of a file of the workspace. Where it lies is decided by where its path leads, not by how it begins.
   * @throws EngineError `file-unreadable`, with why it may not or cannot be read
   */
  async read(named: string): Promise<SourceText> {
    const { file, name, asNamed } = await this.placeOf(named);
    const language = languageOf(file);
    await this.check(named, [asNamed, file]);
    if (this.isExcluded(name)) throw refusal(`${named} is excluded by the settings.`);
    const read = await readText(file);
    if (typeof read === 'string') throw refusal(`${named} ${UNREAD[read]}`);
    const text = read.content;
    if (text.includes('\0')) throw refusal(`${named} is not a text file.`);
    const why = await this.secretIn(file, text, language);
    if (why !== undefined) throw refusal(`${named} ${why}`);
    return { name, file, text, ...(language === undefined ? {} : { language }) };
  }

  /**
   * Why a text that is open as this file may not be read; undefined: it may. Without a file, its text decides, and its `name`: a path that leads to no
   * file of this machine.
   */
  async whyNot(
    file: string | undefined,
    text: string,
    language: string | undefined,
    name = '',
  ): Promise<string | undefined> {
    try {
      if (file !== undefined) await this.check(file, [file, await canonicalPath(file)]);
    } catch (error) {
      return error instanceof EngineError ? error.message : `${file} could not be checked.`;
    }
    const named = { path: name, languageId: language ?? '', text: '', isHidden: false };
    if (file === undefined && exclusionByName(named) !== undefined)
      return `${name} is a file for secrets, which is not read.`;
    const why = await this.secretIn(file ?? '', text, language);
    return why === undefined ? undefined : `${file ?? 'The text'} ${why}`;
  }

  dispose(): void {
    this.git.dispose();
  }

  private async placeOf(named: string) {
    this.roots ??= Promise.all(this.rules.roots.map((root) => canonicalPath(path.resolve(root))));
    const roots = await this.roots;
    const asked = path.isAbsolute(named) ? [named] : roots.map((root) => path.join(root, named));
    for (const asNamed of asked) {
      const file = await canonicalPath(asNamed).catch(() => undefined);
      if (file === undefined) continue;
      const root = roots.find((one) => pathWithin(one, file) !== undefined);
      if (root === undefined) continue;
      const isThere = asNamed === asked.at(-1) || (await exists(file));
      const name = path.relative(root, file).split(path.sep).join('/');
      if (isThere) return { file, name, asNamed };
    }
    throw refusal(`${named} is not in the workspace. Use the path of a file in the workspace.`);
  }

  /** By the name that it is asked for under, and by the one to which that leads. */
  private async check(named: string, files: readonly string[]): Promise<void> {
    for (const file of new Set(files)) {
      const languageId = languageOf(file) ?? '';
      if (exclusionByName({ path: file, languageId, text: '', isHidden: false }) !== undefined) {
        throw refusal(`${named} is a file for secrets, which is not read.`);
      }
      const isIgnored = this.rules.withIgnored ? false : await this.git.isIgnored(file);
      if (isIgnored === true) throw refusal(`${named} is ignored by Git, so it is not read.`);
      if (isIgnored === undefined) {
        throw refusal(`Git gave no answer on whether ${named} is ignored, so it is not read.`);
      }
    }
  }

  private async secretIn(file: string, text: string, language = ''): Promise<string | undefined> {
    if (exclusionByName({ path: file, languageId: language, text, isHidden: false }) !== undefined) {
      return 'contains a private key, so it is not read.';
    }
    const found = await findSecret(text);
    return found && `looks as if it contained a secret in line ${found.line}, so it is not read.`;
  }
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function refusal(message: string): EngineError {
  return new EngineError('file-unreadable', message);
}
