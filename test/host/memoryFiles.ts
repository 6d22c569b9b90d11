// A virtual file system, as an extension brings one: files that are on no disk, and can be written.
import {
  EventEmitter,
  type FileChangeEvent,
  FileSystemError,
  type FileSystemProvider,
  FileType,
  type Uri,
} from 'vscode';

/** As little of one as reading and saving take. */
export class MemoryFiles implements FileSystemProvider {
  readonly onDidChangeFile = new EventEmitter<FileChangeEvent[]>().event;
  private readonly texts: Map<string, string>;
  private saves = 0;

  /** `texts` by path, from the root. */
  constructor(texts: Readonly<Record<string, string>>) {
    this.texts = new Map(Object.entries(texts));
  }

  watch = () => ({ dispose: () => undefined });
  readFile = ({ path }: Uri) => Buffer.from(this.text(path));
  stat = ({ path }: Uri) => ({
    type: FileType.File,
    ctime: 0,
    mtime: this.saves,
    size: Buffer.byteLength(this.text(path)),
  });
  readDirectory = () => [];
  createDirectory = () => this.refuse();
  writeFile = ({ path }: Uri, content: Uint8Array) => {
    this.saves++;
    this.texts.set(path, Buffer.from(content).toString('utf8'));
  };
  delete = () => this.refuse();
  rename = () => this.refuse();

  text(path: string): string {
    const text = this.texts.get(path);
    if (text === undefined) throw FileSystemError.FileNotFound(path);
    return text;
  }

  private refuse(): never {
    throw FileSystemError.NoPermissions();
  }
}
