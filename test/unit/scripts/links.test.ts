// The documents' links: each leads to a file and a heading that exist, and each path that a document names exists.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { describe } from 'node:test';
import { read, root } from '../extension/manifest/readManifest';

const documents = markdownFiles('.');

/** Without what tools install and make. */
function markdownFiles(folder: string): string[] {
  return fs.readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return /^(node_modules|dist|\.\w+)$/.test(entry.name) ? [] : markdownFiles(file);
    return entry.isFile() && entry.name.endsWith('.md') ? [file] : [];
  });
}

/** Without code, whose brackets are no links. */
function prose(text: string): string {
  return text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, 'code');
}

/** As GitHub makes them. */
function anchorsIn(text: string): ReadonlySet<string> {
  const headings = [...text.replace(/^```.*?^```/gms, '').matchAll(/^#+ (.+)$/gm)];
  const slugs = headings.map(([, title = '']) =>
    title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
  return new Set(slugs);
}

/** What is wrong with the links of a document that lies at `file`. */
function brokenLinks(file: string, text: string): string[] {
  const links = [...prose(text).matchAll(/\]\(<?([^)\s>]+)>?\)|\bsrc="([^"]+)"/g)].map(
    ([, link, source]) => link ?? source ?? '',
  );
  return links
    .filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link))
    .flatMap((link) => {
      const [target = '', anchor] = decodeURI(link).split('#');
      const to = target === '' ? file : path.posix.join(path.posix.dirname(file), target);
      if (!fs.existsSync(path.join(root, to))) return [`${file}: ${link} does not exist`];
      if (anchor === undefined || !to.endsWith('.md')) return [];
      const isKnown = to === file ? anchorsIn(text).has(anchor) : anchorsIn(read(to)).has(anchor);
      return isKnown ? [] : [`${file}: ${link} names no heading`];
    });
}

describe('links in documents', () => {
  test('lead to files and headings that exist', () => {
    assert.ok(documents.length > 20);
    assert.deepEqual(
      documents.flatMap((file) => brokenLinks(file, read(file))),
      [],
    );
  });

  test('are found broken where they are', () => {
    const text =
      '# A title\n\n[a](#a-title) [b](#b) [c](README.md#try-it) [d](nothing.md) [e](https://x.y/z)\n`[f](g)`\n';
    assert.deepEqual(brokenLinks('CHANGELOG.md', text), [
      'CHANGELOG.md: #b names no heading',
      'CHANGELOG.md: nothing.md does not exist',
    ]);
  });
});

describe('paths in documents', () => {
  test('exist', () => {
    const missing = documents.flatMap((file) =>
      [
        ...read(file).matchAll(
          /`((?:bench|docs|engine|extension|media|scripts|test|training)\/[\w./-]+\.\w+)`/g,
        ),
      ]
        .map(([, named = '']) => named)
        .filter((named) => !fs.existsSync(path.join(root, named)))
        .map((named) => `${file}: ${named}`),
    );
    assert.deepEqual(missing, []);
  });
});
