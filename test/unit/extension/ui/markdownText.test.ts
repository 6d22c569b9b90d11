// Text within Markdown stays text, and breaks where words end.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { markdownText } from '../../../../extension/ui/markdownText';

/** What a reader of Markdown makes of escapes and entities. */
const read = (text: string) =>
  text
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/&lt;/g, '<')
    .replace(/&amp;/g, '&');

describe('text in Markdown', () => {
  test('keeps its blanks, so that lines break between words', () => {
    assert.equal(markdownText('it looks like a password, key'), 'it looks like a password, key');
    assert.equal(markdownText(' two\n\n  lines\t'), 'two lines');
  });

  test('is no link, no list, no heading and no element', () => {
    assert.equal(markdownText('[a](command:b)'), '\\[a\\]\\(command:b\\)');
    assert.equal(markdownText('<img src=x> &nbsp;'), '&lt;img src=x\\> &amp;nbsp;');
    assert.equal(markdownText('# a'), '\\# a');
    assert.equal(markdownText('1. a'), '1\\. a');
    assert.equal(markdownText('$(icon) `a`'), '\\$\\(icon\\) \\`a\\`');
  });

  test('is read as it was, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        assert.equal(read(markdownText(text)), text.trim().replace(/\s+/g, ' '));
      }),
    );
  });
});
