// A comment at the end of an answer, in front of the rest of its line.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { withoutLastComment } from '../../../engine/candidates/lineComment';

/** Name, language, what stood there, answer, what stands behind, and what is left of the answer. */
const cases: readonly [string, string, string, string, string, string?][] = [
  [
    'is left out',
    'go',
    'Errorf("empty")',
    'fmt.Errorf("too heavy") // for now',
    ')\n',
    'fmt.Errorf("too heavy")',
  ],
  [
    'is left out with the sign of the language',
    'python',
    'total',
    'total // 2  # half of it',
    ')\n',
    'total // 2',
  ],
  ['is left out of the last line', 'rust', 'a', 'a +\n    b // both', ';\n', 'a +\n    b'],
  ['stays at the end of a line', 'go', 'x', 'y // why', '\n)'],
  ['stays in front of another', 'go', 'x', 'y // why', ' // because\n'],
  ['stays where one stood', 'go', 'x // a', 'y // b', ')\n'],
  ['is none in a text', 'typescript', 'url', '"https://x.y //z"', ')\n'],
  ['is none in a text that is open', 'typescript', 'url', "'a //b", "')\n"],
  ['is none where the sign is an operator', 'python', 'a', 'a // b', ')\n'],
  ['is none of PowerShell’s that ends', 'powershell', '$a', '$b <# why #> + 1', ')\n'],
  ['is none in a text of several lines', 'python', 'a', 'f("""a #b', '""")\n'],
  ['is none where the sign begins a line alone', 'dockerfile', 'a', 'red #fff', ' b\n'],
  ['is nothing that is known of other languages', 'plaintext', 'a', 'a // b', ')\n'],
];

describe('a comment at the end of an answer for part of a line', () => {
  for (const [name, language, original, answer, after, left = answer] of cases) {
    test(name, () =>
      assert.equal(withoutLastComment(answer, { before: 'x = ', after, original }, language), left),
    );
  }

  const within: readonly [string, string][] = [
    ['python', 'style = "border: '],
    ['python', '# see '],
    ['python', '"""\nSee '],
    ['typescript', 'const a = `\n  see '],
    ['typescript', '/* See '],
    ['typescript', 'a(b); // see '],
  ];
  for (const [language, before] of within)
    test(`is none behind ${JSON.stringify(before)}`, () => {
      const sides = { before, after: ' there"\n', original: 'x' };
      assert.equal(withoutLastComment('1px #fff //b', sides, language), '1px #fff //b');
    });
  test('is one behind what means something in other languages', () => {
    const sides = { before: 'glob("src/*")  # a ` sign\nx = f(', after: ')\n', original: 'x' };
    assert.equal(withoutLastComment('y # b', sides, 'python'), 'y');
  });
  test('is one behind a text or a comment that has ended', () => {
    const sides = { before: 'f("a//b", \'c\', /* d */ ', after: ')\n', original: 'x' };
    assert.equal(withoutLastComment('y // b', sides, 'typescript'), 'y');
  });
});
