// How a workspace is walked: nearest first, in small rounds, and no farther than is worth it.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { languageOf } from '../../../../extension/memory/languages';
import { Ranking } from '../../../../extension/memory/ranking';
import { type Entry, type WalkLimits, type WalkOptions, walk } from '../../../../extension/memory/walk';

const LIMITS: WalkLimits = { folders: 1000, files: 1000, millis: 1000 };

/** A workspace that is a list of paths. */
class Tree {
  private readonly folders = new Map<string, Map<string, Entry>>([['', new Map()]]);
  readonly listed: string[] = [];
  rests = 0;

  constructor(paths: Iterable<string>) {
    for (const path of paths) {
      const parts = path.split('/');
      for (const [i, name] of parts.entries()) {
        const folder = parts.slice(0, i).join('/');
        const kind = i === parts.length - 1 ? 'file' : 'folder';
        const own = this.folders.get(folder) ?? new Map<string, Entry>();
        this.folders.set(folder, own.set(name, { name, kind }));
      }
    }
  }

  options(open: readonly string[] = [], more: Partial<WalkOptions> = {}): WalkOptions {
    const ranking = new Ranking({ open, imported: new Set(), languages: [] });
    return {
      roots: [''],
      list: async (folder) => {
        this.listed.push(folder);
        return [...(this.folders.get(folder)?.values() ?? [])];
      },
      closed: async () => new Set(),
      distance: (folder) => ranking.distance(folder),
      isWanted: (path) => languageOf(path) !== undefined,
      rest: async () => {
        this.rests++;
        return true;
      },
      limits: LIMITS,
      now: () => 0,
      ...more,
    };
  }
}

describe('a walk through a workspace', () => {
  test('finds the code and leaves the folders of tools alone', async () => {
    const tree = new Tree([
      'a.ts',
      'a.png',
      'src/b.py',
      'node_modules/x/index.js',
      '.git/hooks/a.py',
      '.venv/lib/a.py',
      'src/__pycache__/b.py',
    ]);
    const found = await walk(tree.options());
    assert.deepEqual(found, {
      files: ['a.ts', 'src/b.py'],
      folders: 2,
      unread: 0,
      closed: 4,
      links: 0,
      end: 'all',
    });
    assert.deepEqual(tree.listed, ['', 'src']);
  });

  test('goes to the nearest folders first', async () => {
    const tree = new Tree(['x/far/a.ts', 'src/cart/a.ts', 'src/cart/view/a.ts', 'src/user/a.ts', 'a.ts']);
    const { files } = await walk(tree.options(['src/cart/a.ts']));
    assert.deepEqual(files, ['a.ts', 'src/cart/a.ts', 'src/cart/view/a.ts', 'src/user/a.ts', 'x/far/a.ts']);
    assert.deepEqual(tree.listed.slice(0, 3), ['', 'src', 'src/cart']);
  });

  test('does not enter what is closed, and asks about all folders of a round at once', async () => {
    const tree = new Tree(['src/a.ts', 'target/b.ts', 'target/deep/c.ts', 'test/d.ts']);
    const asked: (readonly string[])[] = [];
    const { files } = await walk(
      tree.options([], {
        closed: async (folders) => {
          asked.push(folders);
          return new Set(['target']);
        },
      }),
    );
    assert.deepEqual(files, ['src/a.ts', 'test/d.ts']);
    assert.deepEqual(asked, [['src', 'target', 'test']]);
  });

  test('of a hundred thousand files sees the nearest, and rests all the time', async () => {
    const near = Array.from({ length: 500 }, (_, i) => `app/near/f${i}.ts`);
    const far = Array.from({ length: 100_000 }, (_, i) => `lib/p${i % 5000}/s/f${i}.ts`);
    const tree = new Tree([...far, ...near]);
    const limits = { ...LIMITS, files: 20_000, folders: 5000 };
    const { files, folders, end } = await walk(tree.options(['app/near/f1.ts'], { limits }));
    assert.equal(end, 'limit');
    assert.ok(files.length <= 20_000);
    assert.ok(near.every((path) => files.includes(path)));
    assert.ok(folders <= 5000 + 32, `${folders} folders`);
    assert.ok(tree.rests >= folders / 32, 'others have their turn after 32 folders at most');
  });

  test('ends when the time is up, resting not counted, and says so', async () => {
    const tree = new Tree(Array.from({ length: 100 }, (_, i) => `f${i}/a/b/c/d.ts`));
    let now = 0;
    const slow = tree.options([], {
      now: () => now,
      rest: async () => {
        now += 100_000;
        return true;
      },
    });
    const found = await walk({
      ...slow,
      list: async (folder) => {
        now += 10;
        return slow.list(folder);
      },
    });
    assert.equal(found.end, 'time');
    assert.ok(found.folders > 50 && found.folders < 150, `${found.folders}`);
  });

  test('ends where nobody wants it any more', async () => {
    const tree = new Tree(['src/a.ts', 'b.ts']);
    let rests = 0;
    const { end, files } = await walk(tree.options([], { rest: async () => ++rests < 2 }));
    assert.equal(end, 'given-up');
    assert.deepEqual(files, ['b.ts']);
  });

  test('leaves a drive that does not answer', async () => {
    const tree = new Tree(Array.from({ length: 1000 }, (_, i) => `f${i}/a.ts`));
    const options = tree.options();
    const found = await walk({
      ...options,
      list: async (folder) => (folder === '' ? options.list('') : undefined),
    });
    assert.equal(found.end, 'unread');
    assert.ok(found.unread >= 50 && found.unread < 100, `${found.unread}`);
  });
});
