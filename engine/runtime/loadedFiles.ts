// The files that a loaded model reads its weights from. Some of them stay mapped, and its session may be made again: whoever
// changes them under it must not get answers from a mixture of two models.
import { stat } from 'node:fs/promises';
import { EngineError } from '../errors';

interface Look {
  readonly file: string;
  readonly size: number;
  readonly changed: number;
}

export type FilesState =
  | 'same'
  /** Somebody removed them; what is in memory is whole. */
  | 'gone'
  | 'changed';

export class LoadedFiles {
  private constructor(
    private readonly originals: readonly Look[],
    private readonly made: readonly string[],
  ) {}

  /** `made`: files of the cache, whose times say nothing about their content. @throws the system's error */
  static async of(originals: readonly string[], made: readonly string[]): Promise<LoadedFiles> {
    const looks = originals.map(async (file): Promise<Look> => {
      const { size, mtimeMs: changed } = await stat(file);
      return { file, size, changed };
    });
    return new LoadedFiles(await Promise.all(looks), made);
  }

  async state(): Promise<FilesState> {
    const now = await Promise.all(
      [...this.originals.map(({ file }) => file), ...this.made].map((file) =>
        stat(file).catch(() => undefined),
      ),
    );
    const isChanged = this.originals.some(({ size, changed }, i) => {
      const found = now[i];
      return found !== undefined && (found.size !== size || found.mtimeMs !== changed);
    });
    if (isChanged) return 'changed';
    return now.includes(undefined) ? 'gone' : 'same';
  }

  /** @throws EngineError `model-changed` */
  async requireUnchanged(name: string): Promise<void> {
    if ((await this.state()) !== 'changed') return;
    throw new EngineError(
      'model-changed',
      `The files of ${name} have changed since it was loaded. Restart the engine to load them again.`,
      { files: this.originals.map(({ file }) => file) },
    );
  }
}
