import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import promises from 'node:fs/promises';
import path from 'node:path';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { readSource, writeSource } from '../../../engine/cli/sourceFile';
import { EngineError, type ErrorCode } from '../../../engine/errors';
import { temporaryFolder } from './scriptedEngine';

async function* chunks(...parts: readonly (Uint8Array | string)[]) {
  yield* parts;
}
const nothing = () => chunks();
const code = (wanted: ErrorCode, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof EngineError, String(error));
  assert.equal(error.code, wanted);
  assert.match(error.message, pattern);
  return true;
};

describe('reading a source', () => {
  test('keeps a byte order mark, CRLF, tabs and characters of every plane', async (context) => {
    const folder = temporaryFolder(context);
    const text = '\ufeffa\r\n\tb\rc\n漢🦊\u0301';
    fs.writeFileSync(path.join(folder, 'a.py'), text);
    assert.equal((await readSource('a.py', { folder, stdin: nothing() })).text, text);
  });

  test('standard input in pieces that cut a character', async () => {
    const bytes = Buffer.from('x = "🦊"\n');
    const source = await readSource('-', {
      folder: '/',
      stdin: chunks(bytes.subarray(0, 6), bytes.subarray(6)),
    });
    assert.equal(source.text, 'x = "🦊"\n');
    assert.equal(source.path, undefined);
  });

  test('every well-formed text survives reading and writing', async (context) => {
    const folder = temporaryFolder(context);
    const file = path.join(folder, 'a.txt');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (raw) => {
        const text = Buffer.from(raw.replaceAll('\0', ''), 'utf8').toString('utf8');
        fs.writeFileSync(file, text);
        const before = fs.readFileSync(file);
        const source = await readSource(file, { folder, stdin: nothing() });
        await writeSource(source, source.text);
        assert.ok(fs.readFileSync(file).equals(before));
      }),
      { numRuns: 40 },
    );
  });

  const refused: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['NUL bytes', Buffer.from('a\0b'), /is a binary file \(it has NUL bytes\)/],
    ['UTF-16', Buffer.from('\ufeffab', 'utf16le'), /is UTF-16; save it as UTF-8/],
    ['a lone continuation byte', Buffer.from([0x61, 0x80]), /is not valid UTF-8/],
    ['an encoded surrogate', Buffer.from([0xed, 0xa0, 0x80]), /is not valid UTF-8/],
    ['a character cut at the end', Buffer.from('🦊').subarray(0, 3), /is not valid UTF-8/],
  ];
  for (const [name, bytes, pattern] of refused) {
    test(`refuses ${name}`, async (context) => {
      const folder = temporaryFolder(context);
      fs.writeFileSync(path.join(folder, 'a'), bytes);
      await assert.rejects(readSource('a', { folder, stdin: nothing() }), code('file-unreadable', pattern));
      await assert.rejects(
        readSource('-', { folder, stdin: chunks(bytes) }),
        code('file-unreadable', /^Standard input/),
      );
    });
  }

  test('refuses what is not there, a folder, and a path through a file', async (context) => {
    const folder = temporaryFolder(context);
    fs.writeFileSync(path.join(folder, 'a'), '');
    await assert.rejects(
      readSource('b', { folder, stdin: nothing() }),
      code('file-unreadable', /There is no file b\./),
    );
    await assert.rejects(
      readSource('.', { folder, stdin: nothing() }),
      code('file-unreadable', /is a folder/),
    );
    await assert.rejects(
      readSource('a/b', { folder, stdin: nothing() }),
      code('file-unreadable', /is not a folder/),
    );
  });

  test('names a link that leads back to itself', async (context) => {
    const folder = temporaryFolder(context);
    fs.symlinkSync('b', path.join(folder, 'a'));
    fs.symlinkSync('a', path.join(folder, 'b'));
    await assert.rejects(
      readSource('a', { folder, stdin: nothing() }),
      code('file-unreadable', /a is a symbolic link that leads back to itself/),
    );
  });

  test('an input that breaks off is an error, a cancelled one says so', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a');
      throw new Error('lost');
    }
    await assert.rejects(readSource('-', { folder: '/', stdin: broken() }), code('file-unreadable', /lost/));
    const controller = new AbortController();
    controller.abort();
    await assert.rejects(
      readSource('-', { folder: '/', stdin: broken(), signal: controller.signal }),
      code('cancelled', /canceled/),
    );
  });
});

describe('writing a source', () => {
  const open = (folder: string, content = 'old\n') => {
    fs.writeFileSync(path.join(folder, 'a.sh'), content);
    return readSource('a.sh', { folder, stdin: nothing() });
  };

  test('keeps the mode and leaves nothing beside the file', async (context) => {
    const folder = temporaryFolder(context);
    const source = await open(folder);
    fs.chmodSync(path.join(folder, 'a.sh'), 0o754);
    await writeSource(source, 'new\r\n');
    assert.equal(fs.readFileSync(path.join(folder, 'a.sh'), 'utf8'), 'new\r\n');
    assert.equal(fs.statSync(path.join(folder, 'a.sh')).mode & 0o777, 0o754);
    assert.deepEqual(fs.readdirSync(folder), ['a.sh']);
  });

  test('takes away what a killed command left, and nothing of one that runs or of anybody else', async (context) => {
    const folder = temporaryFolder(context);
    const source = await open(folder);
    const { pid: gone } = spawnSync(process.execPath, ['--version']);
    const left = `.b.py.palimpsest-${gone}-0123456789ab.tmp`;
    const others = [`.b.py.palimpsest-${process.ppid}-0123456789ab.tmp`, '.b.py.0123456789ab.tmp', 'b.tmp'];
    for (const name of [left, ...others]) fs.writeFileSync(path.join(folder, name), 'x');
    await writeSource(source, 'new\n');
    assert.deepEqual(fs.readdirSync(folder).sort(), ['a.sh', ...others].sort());
  });

  test('replaces the file in one step: who has it open still reads the old content', async (context) => {
    const folder = temporaryFolder(context);
    const source = await open(folder);
    const reader = fs.openSync(path.join(folder, 'a.sh'), 'r');
    await writeSource(source, 'new\n');
    assert.equal(fs.readFileSync(reader, 'utf8'), 'old\n');
    fs.closeSync(reader);
  });

  test('follows a link and leaves it a link', async (context) => {
    const folder = temporaryFolder(context);
    await open(folder);
    fs.symlinkSync('a.sh', path.join(folder, 'link.sh'));
    const source = await readSource('link.sh', { folder, stdin: nothing() });
    await writeSource(source, 'new\n');
    assert.ok(fs.lstatSync(path.join(folder, 'link.sh')).isSymbolicLink());
    assert.equal(fs.readFileSync(path.join(folder, 'a.sh'), 'utf8'), 'new\n');
  });

  test('writes through where the file has another name, and that name goes on being the same file', async (context) => {
    const folder = temporaryFolder(context);
    const source = await open(folder);
    const other = path.join(folder, 'b.sh');
    fs.linkSync(path.join(folder, 'a.sh'), other);
    for (const text of ['a longer new text\n', 'new\n']) {
      const now = text === 'new\n' ? await readSource('a.sh', { folder, stdin: nothing() }) : source;
      await writeSource(now, text);
      assert.equal(fs.readFileSync(other, 'utf8'), text);
      assert.equal(fs.statSync(other).ino, fs.statSync(path.join(folder, 'a.sh')).ino);
      assert.deepEqual(fs.readdirSync(folder), ['a.sh', 'b.sh']);
    }
  });

  test('refuses when the file has changed, and leaves that change alone', async (context) => {
    const folder = temporaryFolder(context);
    const source = await open(folder);
    // Same length, so that only the content tells.
    fs.writeFileSync(path.join(folder, 'a.sh'), 'mine');
    await assert.rejects(
      writeSource(source, 'new\n'),
      code('file-unreadable', /has changed since it was read/),
    );
    assert.equal(fs.readFileSync(path.join(folder, 'a.sh'), 'utf8'), 'mine');
    assert.deepEqual(fs.readdirSync(folder), ['a.sh']);
  });

  test('refuses when the file is gone, and does not make it again', async (context) => {
    const folder = temporaryFolder(context);
    const source = await open(folder);
    fs.rmSync(path.join(folder, 'a.sh'));
    await assert.rejects(writeSource(source, 'new\n'), code('file-unreadable', /There is no file a\.sh/));
    assert.deepEqual(fs.readdirSync(folder), []);
  });

  test('says which permission is missing: the file’s own, or that of the folder beside it', async (context) => {
    const folder = temporaryFolder(context);
    const file = path.join(folder, 'a.py');
    fs.writeFileSync(file, 'old\n');
    const source = await readSource('a.py', { folder, stdin: nothing() });
    const denied = () => Promise.reject(Object.assign(new Error('permission denied'), { code: 'EACCES' }));
    // Root may write anywhere, so the system's refusal is played.
    const opening = context.mock.method(promises, 'open', denied);
    await assert.rejects(
      writeSource(source, 'new\n'),
      code('file-unreadable', /left as it was: this user cannot create the new file beside it in .*folder's/),
    );
    opening.mock.restore();
    context.mock.method(promises, 'access', denied);
    await assert.rejects(
      writeSource(source, 'new\n'),
      code('file-unreadable', /a\.py cannot be written by this user/),
    );
    context.mock.method(promises, 'readFile', denied);
    await assert.rejects(
      readSource('a.py', { folder, stdin: nothing() }),
      code('file-unreadable', /a\.py cannot be read by this user/),
    );
    assert.equal(fs.readFileSync(file, 'utf8'), 'old\n');
    assert.deepEqual(fs.readdirSync(folder), ['a.py']);
  });

  test('standard input has no place to write to', async () => {
    const source = await readSource('-', { folder: '/', stdin: chunks('a') });
    await assert.rejects(writeSource(source, 'b'), code('option-invalid', /cannot be written back/));
  });
});
