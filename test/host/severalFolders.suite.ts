// Project memory in a window with several folders, in a real editor with the real engine: two of the same name on the disk, and
// one of a virtual file system.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import {
  CancellationTokenSource,
  Disposable,
  EventEmitter,
  type FileChangeEvent,
  FileSystemError,
  type FileSystemProvider,
  FileType,
  InlineCompletionTriggerKind,
  Uri,
  window,
  workspace,
} from 'vscode';
import type { Palimpsest } from '../../extension/palimpsest';
import { closeEverything, configure, internals, until, useCpu } from './host';

const SCHEME = 'palimpsest-virtual';

/** One file, and which calls read something. */
class VirtualFiles implements FileSystemProvider {
  readonly reads: string[] = [];
  readonly onDidChangeFile = new EventEmitter<FileChangeEvent[]>().event;
  private readonly text = Buffer.from('def virtual_helper(door):\n    return door\n');

  watch = () => new Disposable(() => undefined);
  stat({ path }: Uri) {
    const type = path === '/' ? FileType.Directory : FileType.File;
    if (path !== '/' && path !== '/virtual.py') throw FileSystemError.FileNotFound(path);
    return { type, ctime: 0, mtime: 0, size: this.text.length };
  }
  readDirectory({ path }: Uri): [string, FileType][] {
    this.reads.push(path);
    return [['virtual.py', FileType.File]];
  }
  readFile({ path }: Uri): Uint8Array {
    this.reads.push(path);
    return this.text;
  }
  createDirectory = () => this.refuse();
  writeFile = () => this.refuse();
  delete = () => this.refuse();
  rename = () => this.refuse();

  private refuse(): never {
    throw FileSystemError.NoPermissions();
  }
}

describe('project memory, with several folders in one window', () => {
  let palimpsest: Palimpsest;
  const files = new VirtualFiles();
  const provider = workspace.registerFileSystemProvider(SCHEME, files);

  const folderAt = (index: number): Uri =>
    workspace.workspaceFolders?.[index]?.uri ?? assert.fail(`there is a folder ${index}`);
  const held = () => palimpsest.memory.session?.feed.held ?? new Map<string, unknown>();
  const holds = (...names: readonly string[]) =>
    until(
      () => names.every((name) => held().has(name)) && held().size === names.length,
      `${names.join(', ')} in the memory, and nothing else`,
    );

  /** The editor takes one change at a time. */
  const changeFolders = async (...change: Parameters<typeof workspace.updateWorkspaceFolders>) => {
    const changed = new Promise<void>((resolve) => {
      const listening = workspace.onDidChangeWorkspaceFolders(() => {
        listening.dispose();
        resolve();
      });
    });
    assert.ok(workspace.updateWorkspaceFolders(...change));
    await changed;
  };

  before(async () => {
    await useCpu();
    await configure('ghostText.gate', 0);
    palimpsest = await (await internals()).palimpsest();
    assert.equal(workspace.workspaceFolders?.length, 2);
    await palimpsest.engine.use(async () => undefined, { revive: true });
  });
  afterEach(closeEverything);
  after(async () => {
    provider.dispose();
    await configure('ghostText.gate', undefined);
  });

  it('holds both, told apart by their names where these are the same', async () => {
    await holds('shop/orders.py', 'shop (2)/prices.py');
  });

  it('completes a helper of the other folder, and leads to its file', async () => {
    const uri = Uri.joinPath(folderAt(0), 'orders.py');
    const text = Buffer.from(await workspace.fs.readFile(uri)).toString('utf8');
    const call = 'format_price(item.price, currency)';
    const at = text.indexOf(call);
    assert.ok(at >= 0);
    await workspace.fs.writeFile(uri, Buffer.from(text.replace(call, '')));
    const document = await workspace.openTextDocument(uri);
    await until(() => !document.getText().includes(call), 'the text without the call');
    await window.showTextDocument(document);
    await palimpsest.memory.session?.settled;
    const offered = () =>
      palimpsest.provideInline(
        document,
        document.positionAt(at),
        { triggerKind: InlineCompletionTriggerKind.Automatic, selectedCompletionInfo: undefined },
        new CancellationTokenSource().token,
        true,
      );
    const item = await until(async () => (await offered())[0], 'an offer');
    assert.ok(item.range);
    const before = document.offsetAt(item.range.start);
    assert.equal(
      String(item.insertText)
        .slice(at - before)
        .split('\n')[0],
      call,
    );
    const place = palimpsest.memory.placeOf({ path: 'shop (2)/prices.py', line: 1 }, uri);
    assert.equal(place?.uri.toString(), Uri.joinPath(folderAt(1), 'prices.py').toString());
  });

  it('takes back what the repository above the folders ignores now', async () => {
    const ignore = Uri.joinPath(folderAt(0), '../../.gitignore');
    await workspace.fs.writeFile(ignore, Buffer.from('orders.py\n'));
    await holds('shop (2)/prices.py');
    await workspace.fs.delete(ignore);
    await holds('shop/orders.py', 'shop (2)/prices.py');
  });

  it('leaves out a folder of a virtual file system: nothing of it is read', async () => {
    const root = Uri.from({ scheme: SCHEME, path: '/' });
    await changeFolders(2, 0, { uri: root, name: 'virtual' });
    assert.equal(workspace.workspaceFolders?.length, 3);
    await holds('shop/orders.py', 'shop (2)/prices.py');
    await palimpsest.memory.session?.settled;
    const uri = Uri.joinPath(root, 'virtual.py');
    const use = palimpsest.memory.use(uri, 'open(', []);
    assert.ok(use, 'a file of it may copy from the others');
    assert.equal(use.path, undefined);
    const asked = palimpsest.memory.session?.feed.held;
    assert.equal(
      [...(asked ?? new Map()).keys()].some((name) => name.includes('virtual')),
      false,
    );
    assert.deepEqual(
      files.reads.filter((name) => name.endsWith('.py')),
      [],
    );
  });

  it('forgets a folder that leaves the window, and takes it in again', async () => {
    const [, second] = workspace.workspaceFolders ?? [];
    assert.ok(second);
    await changeFolders(1, 1);
    await until(() => held().size === 1 && [...held().keys()][0]?.endsWith('orders.py'), 'its files gone');
    await changeFolders(1, 0, { uri: second.uri });
    await holds('shop/orders.py', 'shop (2)/prices.py');
  });
});
