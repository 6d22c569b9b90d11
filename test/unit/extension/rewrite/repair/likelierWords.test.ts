// Which texts have another word where the model would rather have it.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { ScoredToken } from '../../../../../engine/protocol';
import { withLikelierWords } from '../../../../../extension/rewrite/repair/likelierWords';

type Rather = Readonly<Record<string, readonly string[]>>;

/** Of the marked selection; `rather`: by token, worst first, the model's own tokens, each half as likely as the one before. */
function rewordedIn(marked: string, rather: Rather, settled: readonly string[] = []) {
  const start = marked.indexOf('|');
  const end = marked.lastIndexOf('|') - 1;
  const text = marked.replaceAll('|', '');
  const ranks = Object.keys(rather);
  const tokens = [...text.slice(start, end).matchAll(/\s*\.?\w+|\s*[^\w\s]+/g)].map((found): ScoredToken => {
    const at = start + found.index;
    const rank = ranks.indexOf(found[0].trim());
    return {
      ...{ start: at, end: at + found[0].length, text: found[0], expected: 2 },
      surprise: rank < 0 ? 1 : 20 - rank,
      alternatives: (rather[found[0].trim()] ?? []).map((text, i) => ({ text, probability: 0.8 / 2 ** i })),
    };
  });
  const ranges = settled.map((part) => ({
    start: text.indexOf(part),
    end: text.indexOf(part) + part.length,
  }));
  const found = withLikelierWords(text, { start, end }, tokens, { settled: ranges });
  return found.map((one) => ({
    text: one.text,
    line: text.slice(one.line.start, one.line.end),
    place: text.slice(one.place.start, one.place.end),
  }));
}

const textsOf = (...asked: Parameters<typeof rewordedIn>) => rewordedIn(...asked).map(({ text }) => text);

describe('another word in a line', () => {
  test('is a name of the text that begins with a token that the model would rather have', () => {
    const code =
      'let longest = 0, tracks = [];\nlet track = tracks[0];\nlongest = track.samples;\n|add(found);|\n';
    assert.deepEqual(textsOf(code, { found: ['track'] }), ['add(tracks);', 'add(track);']);
    assert.deepEqual(textsOf(code, { found: [' len'] }), ['add(len);'], 'a name that stands nowhere yet');
  });

  test('is a sign, or what a string says in one word', () => {
    assert.deepEqual(textsOf('|if (a > b) {|', { '>': [' <', ' ==='] }), ['if (a < b) {', 'if (a === b) {']);
    const code = "|on('close', end)|";
    assert.deepEqual(textsOf(code, { close: ['end'] }, ['close']), ["on('end', end)"]);
    assert.deepEqual(textsOf("|say('do close it')|", { close: ['open'] }, ['do close it']), []);
  });

  test('is in the two least likely places, the worst one first, and nowhere that the model expects', () => {
    const rather = { c: ['x'], a: ['y'], b: ['z'] };
    const found = rewordedIn('|sum(a, b, c)|', rather);
    assert.deepEqual(found, [
      { text: 'sum(a, b, x)', line: 'sum(a, b, c)', place: 'c' },
      { text: 'sum(y, b, c)', line: 'sum(a, b, c)', place: 'a' },
    ]);
    assert.deepEqual(textsOf('|sum(a, b, c)|', {}), []);
  });

  test('is never in what is declared, nor a token that the model hardly expects, nor what stands there', () => {
    assert.deepEqual(textsOf('|total = add(1)|', { total: ['sum'] }, ['total']), []);
    assert.deepEqual(textsOf('|f(a)|', { a: ['b', 'c', 'd', 'e', 'g'] }), ['f(b)', 'f(c)', 'f(d)', 'f(e)']);
    assert.deepEqual(textsOf('|f(name)|', { name: ['name', '  '] }), []);
  });

  test('is compared in its own line', () => {
    const [found] = rewordedIn('|first(a);\n  second(b);|', { b: ['c'] });
    assert.deepEqual(found, { text: 'first(a);\n  second(c);', line: '  second(b);', place: 'b' });
  });
});
