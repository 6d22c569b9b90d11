// What an engine is sent of a workspace, at first and after changes: nothing that may not be read, nothing that is older than
// what it has, nothing twice.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { EngineError } from '../../../../engine/errors';
import type { MemoryFacts, MemoryUpdateParams } from '../../../../engine/protocol';
import type { Skip } from '../../../../extension/memory/contents';
import { batchesOf, Feed, type MemoryPort, type Reading } from '../../../../extension/memory/feed';
import { languageOf } from '../../../../extension/memory/languages';
import { sayOutcome } from '../../../../extension/memory/report';
import { Session } from '../../../../extension/memory/session';
import { Sync, type WorkspaceFiles } from '../../../../extension/memory/sync';
import type { Entry } from '../../../../extension/memory/walk';

const NOW = 1_000_000_000_000;

class FakeFiles implements WorkspaceFiles {
  readonly roots = [''];
  readonly disk = new Map<string, { bytes: Uint8Array; modified: number }>();
  readonly documents = new Map<string, { text: string; version: number }>();
  readonly ignored = new Set<string>();
  readonly slow = new Set<string>();
  readonly links = new Set<string>();
  readonly reads: string[] = [];
  /** What happens while a file is read. */
  onRead: (path: string) => void = () => undefined;
  private clock = 0;

  constructor(texts: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries(texts)) this.write(path, text);
  }

  write(path: string, text: string | Uint8Array): void {
    this.disk.set(path, { bytes: Buffer.from(text), modified: ++this.clock });
  }

  async list(folder: string): Promise<readonly Entry[]> {
    const within = [...this.disk.keys()]
      .filter((path) => folder === '' || path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder === '' ? 0 : folder.length + 1));
    const names = new Map<string, Entry>();
    for (const path of within) {
      const [name = '', ...rest] = path.split('/');
      names.set(name, { name, kind: rest.length > 0 ? 'folder' : 'file' });
    }
    for (const path of this.links) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (path === (folder === '' ? name : `${folder}/${name}`)) names.set(name, { name, kind: 'link' });
    }
    return [...names.values()];
  }

  closed = async (folders: readonly string[]) =>
    new Set(folders.filter((folder) => this.ignored.has(folder)));
  isWanted = (path: string) => languageOf(path) !== undefined;
  prepare = async () => undefined;
  open = () => [...this.documents.keys()];
  openText = (path: string) => this.documents.get(path);

  async measure(path: string): Promise<{ size: number; modified: number } | Skip> {
    const file = this.disk.get(path);
    if (file === undefined) return 'vanished';
    return this.slow.has(path) ? 'slow' : { size: file.bytes.length, modified: file.modified };
  }

  async read(path: string): Promise<Uint8Array | Skip> {
    this.reads.push(path);
    this.onRead(path);
    return this.disk.get(path)?.bytes ?? 'vanished';
  }

  async whyPlace(path: string): Promise<Skip | undefined> {
    if (path.includes('secret')) return 'secret';
    return this.ignored.has(path) ? 'git' : undefined;
  }

  async whyText(_path: string, text: string): Promise<Skip | undefined> {
    return text.includes('sk_live_') ? 'token' : undefined;
  }
}

class FakePort implements MemoryPort {
  readonly requests: MemoryUpdateParams[] = [];
  refused: readonly { readonly path: string; readonly reason: 'no-room' }[] = [];
  fails = false;

  async updateMemory(params: MemoryUpdateParams): Promise<MemoryFacts> {
    if (this.fails) throw new EngineError('engine-exited', 'It is gone.');
    this.requests.push(params);
    return { files: 0, characters: 0, bytes: 0, skipped: this.refused };
  }

  get sent(): string[] {
    return this.requests.flatMap(({ files }) => files.map(({ path }) => path));
  }

  get removed(): string[] {
    return this.requests.flatMap(({ removed }) => removed);
  }

  get texts(): string {
    return this.requests.flatMap(({ files }) => files.map(({ text }) => text)).join('\n');
  }
}

function setUp(texts: Readonly<Record<string, string>>, clock = () => 0) {
  const files = new FakeFiles(texts);
  const port = new FakePort();
  const feed = new Feed('m', port);
  const sync = new Sync({ files, feed, rest: async () => true, now: () => NOW, clock });
  return { files, port, feed, sync };
}

describe('the whole workspace', () => {
  test('is sent once, the nearest first, with language and rank', async () => {
    const { files, port, sync, feed } = setUp({ 'far/a/b.ts': 'b', 'src/x.py': 'x', 'src/y.ts': 'y' });
    files.documents.set('src/y.ts', { text: 'y, unsaved', version: 3 });
    const outcome = await sync.everything();
    assert.deepEqual(port.sent, ['src/y.ts', 'src/x.py', 'far/a/b.ts']);
    assert.deepEqual(port.requests[0]?.files[0], {
      path: 'src/y.ts',
      text: 'y, unsaved',
      modified: 3,
      rank: 0,
      language: 'typescript',
    });
    assert.equal(outcome.sent, 3);
    assert.equal(feed.characters, 'y, unsavedxb'.length);
    await sync.everything();
    assert.equal(port.sent.length, 3, 'what is held already is not sent again');
    assert.deepEqual(files.reads.length, 2);
  });

  test('what may not be read is not opened, and what has a secret in it is not sent', async () => {
    const { files, port, sync } = setUp({
      'secrets.ts': 'a',
      'ignored/a.ts': 'b',
      'left.ts': 'c',
      'token.ts': 'k = "sk_live_1"',
      'fine.ts': 'd',
    });
    files.ignored.add('ignored').add('left.ts');
    const { skipped } = await sync.everything();
    assert.deepEqual(port.sent, ['fine.ts']);
    assert.deepEqual(files.reads.sort(), ['fine.ts', 'token.ts']);
    assert.deepEqual(Object.fromEntries(skipped), { secret: 1, git: 1, token: 1 });
    assert.doesNotMatch(port.texts, /sk_live_/);
  });

  test('binary, minified, huge and vanished files are counted, never an error', async () => {
    const { files, port, sync, feed } = setUp({ 'a.ts': 'a', 'b.ts': `x${';'.repeat(200_000)}` });
    files.write('c.ts', Uint8Array.of(0, 1, 2));
    files.write('d.ts', Uint8Array.of(0xff, 0xfe, 0x41));
    files.write('e.ts', 'x\n'.repeat(1_000_000));
    files.write('gone.ts', 'x');
    files.onRead = (path) => {
      if (path === 'gone.ts') files.disk.delete(path);
    };
    const outcome = await sync.everything();
    assert.deepEqual(port.sent, ['a.ts']);
    assert.deepEqual(Object.fromEntries(outcome.skipped), {
      large: 1,
      minified: 1,
      binary: 1,
      encoding: 1,
      vanished: 1,
    });
    assert.equal(
      sayOutcome(feed, { ...outcome, left: 7 }, 1234).replace(/ \(chosen in [\d.]+ s\)/, ''),
      'Project memory: 1 file, 0.0 million characters, in 1.2 s. Left out: 1 too large, 1 that are gone, 1 not in UTF-8, 1 binary, 1 minified, 7 farther away.',
    );
  });

  test('links, closed folders, and files that give no answer in time are counted', async () => {
    const { files, sync, feed } = setUp({
      'a.ts': 'a',
      'slow.ts': 'b',
      'ignored/c.ts': 'c',
      'node_modules/d.js': 'd',
    });
    files.ignored.add('ignored');
    files.slow.add('slow.ts');
    files.links.add('link.ts').add('linked');
    const outcome = await sync.everything();
    assert.deepEqual(Object.fromEntries(outcome.skipped), { slow: 1, link: 2 });
    assert.match(
      sayOutcome(feed, outcome, 1000),
      /1 file, .*Left out: 2 that are links, 1 that could not be read in time\. Folders that are ignored, hidden, or excluded: 2\.$/,
    );
  });

  test('what nobody has time to look at again is taken out: it may not be allowed any more', async () => {
    let time = 0;
    const texts = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}.ts`, 'x']));
    const { files, port, sync, feed } = setUp(texts, () => time);
    await sync.everything();
    assert.equal(feed.held.size, 100);
    for (const path of Object.keys(texts)) files.write(path, 'y');
    files.onRead = () => {
      time += 5000;
    };
    const { left } = await sync.everything();
    assert.ok(left > 0 && left < 100, `${left}`);
    assert.equal(port.removed.length, left);
    assert.equal(feed.held.size, 100 - left);
  });

  test('a drive that hangs after it was listed is not waited for file by file', async () => {
    let time = 0;
    const texts = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`f${i}.ts`, 'x']));
    const { files, sync } = setUp(texts, () => time);
    let asked = 0;
    files.measure = async () => {
      asked++;
      time += 100;
      return 'slow';
    };
    const { skipped } = await sync.everything();
    assert.ok(asked < 200, `${asked}`);
    assert.deepEqual(Object.fromEntries(skipped), { slow: 400 });
  });

  test('after a branch was switched: only what differs is sent, and what is gone is removed', async () => {
    const { files, port, sync } = setUp({ 'a.ts': 'a', 'b.ts': 'b', 'c.ts': 'c' });
    await sync.everything();
    files.disk.delete('a.ts');
    files.write('b.ts', 'B');
    files.write('d.ts', 'd');
    port.requests.length = 0;
    await sync.everything();
    assert.deepEqual(port.sent.sort(), ['b.ts', 'd.ts']);
    assert.deepEqual(port.removed, ['a.ts']);
  });

  test('what is ignored or holds a secret from now on is removed', async () => {
    const { files, port, sync } = setUp({ 'a.ts': 'a', 'b.ts': 'b', 'c.ts': 'c' });
    await sync.everything();
    files.ignored.add('a.ts');
    files.write('b.ts', 'k = "sk_live_1"');
    await sync.everything();
    assert.deepEqual(port.removed.sort(), ['a.ts', 'b.ts']);
    assert.doesNotMatch(port.texts, /sk_live_/);
  });
});

describe('a change', () => {
  test('of files: read again, removed, or left alone', async () => {
    const { files, port, sync } = setUp({ 'a.ts': 'a', 'old/b.ts': 'b', 'old/c.ts': 'c' });
    await sync.everything();
    port.requests.length = 0;
    files.write('a.ts', 'A');
    files.disk.delete('old/b.ts');
    files.disk.delete('old/c.ts');
    files.write('new.ts', 'n');
    files.write('secret.ts', 'n');
    await sync.some(['a.ts', 'old', 'new.ts', 'secret.ts', 'never.ts', 'picture.png']);
    assert.deepEqual(port.sent.sort(), ['a.ts', 'new.ts']);
    assert.deepEqual(port.removed.sort(), ['old/b.ts', 'old/c.ts'], 'a folder stands for what is in it');
  });

  test('of an open document is sent as it stands, and taken back with what was not saved', async () => {
    const { files, port, sync } = setUp({ 'a.ts': 'on disk' });
    files.documents.set('a.ts', { text: 'typed', version: 2 });
    await sync.document('a.ts');
    files.documents.set('a.ts', { text: 'k = "sk_live_1"', version: 3 });
    await sync.document('a.ts');
    files.documents.delete('a.ts');
    await sync.some(['a.ts']);
    assert.deepEqual(
      port.requests.map(({ files, removed }) => [files[0]?.text, ...removed]),
      [['typed'], [undefined, 'a.ts'], ['on disk']],
    );
  });

  test('that was read earlier never takes the place of a later one', async () => {
    const { files, port, sync, feed } = setUp({ 'a.ts': 'on disk' });
    let typing: Promise<unknown> | undefined;
    files.onRead = () => {
      files.documents.set('a.ts', { text: 'typed', version: 2 });
      typing = sync.document('a.ts');
    };
    const slow = files.read.bind(files);
    files.read = async (path) => {
      const bytes = await slow(path);
      await typing;
      return bytes;
    };
    await sync.everything();
    assert.deepEqual(port.requests.map(({ files }) => files[0]?.text).filter(Boolean), ['typed']);
    assert.equal(feed.held.get('a.ts')?.stamp, 'open 2');
  });
});

describe('the feed', () => {
  const reading = (path: string, length: number, ticket = 1): Reading => ({
    file: { path, text: 'x'.repeat(length) },
    stamp: '1',
    ticket,
  });

  test('sends no more in a request than the engine takes', () => {
    const many = batchesOf(Array.from({ length: 600 }, (_, i) => reading(`${i}`, 1)));
    assert.deepEqual(
      many.map(({ length }) => length),
      [256, 256, 88],
    );
    const long = batchesOf([3_000_000, 4_000_000, 2_000_000, 1].map((length, i) => reading(`${i}`, length)));
    assert.deepEqual(
      long.map((batch) => batch.map(({ file }) => file.text.length)),
      [
        [3_000_000, 4_000_000],
        [2_000_000, 1],
      ],
    );
  });

  test('does not hold what a request that failed was to bring, and holds what another one brought', async () => {
    const port = new FakePort();
    const feed = new Feed('m', port);
    const failing = port.updateMemory.bind(port);
    port.updateMemory = async (params) => {
      if (params.files.some(({ path }) => path === '256')) throw new EngineError('internal', 'It failed.');
      return failing(params);
    };
    port.refused = [{ path: '1', reason: 'no-room' }];
    const many = Array.from({ length: 257 }, (_, i) => reading(`${i}`, 1, feed.ticket()));
    await assert.rejects(feed.send(many), /It failed/);
    assert.equal(feed.held.has('256'), false);
    assert.equal(feed.held.has('1'), false);
    assert.equal(feed.characters, 255);
  });

  test('takes out later what a request that failed was to take out or to replace', async () => {
    const { files, port, sync, feed } = setUp({ 'a.ts': 'a', 'b.ts': 'b', 'c.ts': 'c' });
    await sync.everything();
    port.requests.length = 0;
    port.fails = true;
    files.ignored.add('a.ts');
    files.write('b.ts', 'B');
    await assert.rejects(sync.everything());
    await assert.rejects(sync.everything());
    port.fails = false;
    files.ignored.add('b.ts');
    await sync.everything();
    assert.deepEqual(port.removed.sort(), ['a.ts', 'b.ts']);
    assert.equal(feed.owes, false);
    files.ignored.delete('a.ts');
    await sync.everything();
    assert.deepEqual(port.sent, ['a.ts']);
    assert.deepEqual([...feed.held.keys()].sort(), ['a.ts', 'c.ts']);
  });

  test('knows what the engine has, and what it did not take', async () => {
    const port = new FakePort();
    const feed = new Feed('m', port);
    await feed.send([reading('a', 10, feed.ticket()), reading('b', 5, feed.ticket())]);
    assert.equal(feed.characters, 15);
    port.refused = [{ path: 'a', reason: 'no-room' }];
    const refused = await feed.send([reading('c', 1, feed.ticket())]);
    assert.deepEqual([...refused], [['a', 'no-room']]);
    assert.deepEqual([...feed.held.keys()], ['b', 'c']);
    assert.equal(feed.characters, 6);
    await feed.send([reading('b', 7, feed.ticket())], [{ path: 'unknown', ticket: feed.ticket() }]);
    assert.deepEqual(port.removed, [], 'what it never had is not removed');
    assert.equal(feed.characters, 8);
  });
});

describe('a session', () => {
  const begin = (files: FakeFiles, port: FakePort) => {
    const said: string[] = [];
    let changes = 0;
    const session = new Session({
      id: 'm',
      port,
      files: () => files,
      rest: async ({ aborted }) => !aborted,
      log: { info: (line) => said.push(line), debug: (line) => said.push(`debug: ${line}`) },
      changed: () => changes++,
    });
    return { session, said, changes: () => changes };
  };

  test('looks at everything once for many changes at once, then at what changed meanwhile', async () => {
    const files = new FakeFiles({ 'a.ts': 'a' });
    const port = new FakePort();
    const { session, said, changes } = begin(files, port);
    session.changed(undefined);
    session.changed(undefined);
    files.write('b.ts', 'b');
    session.changed(new Set(['b.ts']));
    await session.settled;
    assert.deepEqual(port.sent.sort(), ['a.ts', 'b.ts']);
    assert.equal(said.length, 1);
    assert.equal(session.epoch, 1);
    assert.ok(changes() > 0);
  });

  test('loses no change, at whatever moment of the end of a look it comes', async () => {
    // A look ends in a few steps of promises: the change comes behind the first of them, the second, and so on.
    for (let steps = 0; steps < 16; steps++) {
      const files = new FakeFiles({ 'a.ts': 'a' });
      const port = new FakePort();
      const session: Session = new Session({
        id: 'm',
        port,
        files: () => files,
        rest: async ({ aborted }) => !aborted,
        log: { info: () => undefined, debug: () => undefined },
        changed: () => {
          if (files.disk.has('b.ts')) return;
          files.write('b.ts', 'b');
          let later = Promise.resolve();
          for (let step = 0; step < steps; step++) later = later.then(() => undefined);
          void later.then(() => session.changed(new Set(['b.ts'])));
        },
      });
      session.changed(undefined);
      await session.settled;
      // What was begun by then is waited for; nothing that was lost begins by itself.
      await new Promise((resolve) => setImmediate(resolve));
      await session.settled;
      assert.deepEqual(port.sent, ['a.ts', 'b.ts'], `${steps} steps`);
    }
  });

  test('looks again where somebody goes to another folder of a workspace that is too large to be held', async () => {
    const files = new FakeFiles({ 'a/a.ts': 'a', 'b/b.ts': 'b' });
    const port = new FakePort();
    const { session, said } = begin(files, port);
    session.movedTo('a');
    session.changed(undefined);
    await session.settled;
    session.movedTo('b');
    await session.settled;
    assert.equal(said.length, 1, 'not where everything is held');
    for (let i = 0; i < 6000; i++) files.write(`c/f${i}.ts`, 'c');
    session.changed(undefined);
    await session.settled;
    session.movedTo('b');
    await session.settled;
    assert.equal(said.length, 2, 'nor where it was looked for already');
    files.documents.set('c/f5999.ts', { text: 'c', version: 1 });
    session.movedTo('c');
    await session.settled;
    assert.equal(said.length, 3);
    assert.ok(session.feed.held.has('c/f5999.ts'));
  });

  test('an engine that goes in the middle of many files leaves no error behind', async () => {
    const files = new FakeFiles(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}.ts`, 'x'])));
    const port = new FakePort();
    const { session, said } = begin(files, port);
    files.onRead = (path) => {
      if (path === 'f50.ts') port.fails = true;
    };
    session.changed(undefined);
    await session.settled;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /^debug: .*engine-exited/);
  });

  test('an engine that is gone is no error that anybody sees, and nothing is sent after the end', async () => {
    const files = new FakeFiles({ 'a.ts': 'a' });
    const port = new FakePort();
    const { session, said } = begin(files, port);
    port.fails = true;
    session.changed(undefined);
    await session.settled;
    assert.deepEqual(said, ['debug: Project memory: engine-exited. It is gone.']);
    port.fails = false;
    session.end();
    session.changed(undefined);
    session.edited(new Set(['a.ts']));
    await session.settled;
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(port.requests, []);
  });

  test('what is read when it ends is not sent behind the end', async () => {
    const files = new FakeFiles({ 'a.ts': 'a', 'b.ts': 'b' });
    const port = new FakePort();
    const { session } = begin(files, port);
    files.onRead = () => session.end();
    session.changed(undefined);
    await session.settled;
    assert.deepEqual(port.requests, []);
    assert.equal(files.reads.length > 0, true);
  });
});
