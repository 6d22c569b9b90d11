// Ghost text's deciders: where it is asked for, what is kept of an answer, what is remembered, and when it is quiet.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { GhostCache, type GhostPlace, markOf } from '../../../../extension/ghost/cache';
import { isInComment } from '../../../../extension/ghost/comments';
import { offersOf, textsOf, visibleOf } from '../../../../extension/ghost/offer';
import { isMidLine, refusalOf } from '../../../../extension/ghost/position';
import { Snooze } from '../../../../extension/ghost/snooze';

const place = (before: string, after = '\n'): GhostPlace => ({ document: 'd', context: 'c', before, after });
const found = (cache: GhostCache, before: string, after = '\n') => cache.find(place(before, after))?.texts;

describe('what ghost text remembers', () => {
  function remembering(before: string, texts: readonly string[], after = '\n', isFull = false): GhostCache {
    const cache = new GhostCache();
    cache.add(markOf(place(before, after)), texts, isFull);
    return cache;
  }

  test('an answer stays while it is typed, and no longer', () => {
    const cache = remembering('x = ', ['a + b']);
    assert.deepEqual(found(cache, 'x = '), ['a + b']);
    assert.deepEqual(found(cache, 'x = a +'), [' b']);
    assert.equal(found(cache, 'x = c'), undefined);
    assert.equal(found(cache, 'x = a + b'), undefined, 'typed to its end');
    assert.equal(found(cache, 'x ='), undefined, 'shorter than it was');
  });

  test('of several, those that go on like what was typed', () => {
    const cache = remembering('x = ', ['foo()', 'bar()', 'form']);
    assert.deepEqual(found(cache, 'x = fo'), ['o()', 'rm']);
    assert.deepEqual(found(cache, 'x = b'), ['ar()']);
    assert.equal(found(cache, 'x = z'), undefined);
  });

  test('only for the same document and the same surroundings', () => {
    const cache = remembering('x = ', ['a']);
    assert.equal(cache.find({ ...place('x = '), document: 'e' }), undefined);
    assert.equal(found(cache, 'y = '), undefined);
    assert.equal(found(cache, 'x = ', ')\n'), undefined);
    cache.clear();
    assert.equal(found(cache, 'x = '), undefined);
  });

  test('that there is nothing to offer is remembered for this very place, and not for ever', () => {
    let now = 0;
    const cache = new GhostCache(() => now);
    cache.add(markOf(place('x = ')), [], false);
    assert.deepEqual(found(cache, 'x = '), []);
    assert.equal(found(cache, 'x = a'), undefined);
    now = 60_000;
    assert.equal(found(cache, 'x = '), undefined);
  });

  test('whatever the answer was made from has to be the same: far above, far below, and beside the text', () => {
    const far = 'y = 2\n'.repeat(1000);
    const cache = remembering(`old = 1\n${far}x = `, ['a + b'], `\n${far}old\n`);
    const look = (above: string, below: string, context = 'c') =>
      cache.find({ document: 'd', context, before: `${above} = 1\n${far}x = `, after: `\n${far}${below}\n` });
    assert.deepEqual(look('old', 'old')?.texts, ['a + b']);
    assert.equal(look('new', 'old'), undefined, 'renamed above');
    assert.equal(look('old', 'new'), undefined, 'renamed below');
    assert.equal(look('old', 'older'), undefined);
    assert.equal(look('old', 'old', 'another file was edited'), undefined);
  });

  test('blanks alone are left of no answer', () => {
    const cache = remembering('x = ', ['a  ']);
    assert.deepEqual(found(cache, 'x = '), ['a  ']);
    assert.equal(found(cache, 'x = a'), undefined);
  });

  test('brackets that the editor closes by itself are taken into the offer', () => {
    const cache = remembering('x = ', ['f(a, g(b)) + c']);
    const rest = cache.find(place('x = f(', ')\n'));
    assert.deepEqual(rest, { typed: 2, texts: ['a, g(b)) + c'], replaces: 1, isFull: false });
    assert.equal(cache.find(place('x = f(a, g(', '))\n'))?.replaces, 2);
    assert.equal(found(cache, 'x = f(', ']\n'), undefined, 'a bracket that the answer does not have');
    assert.equal(found(cache, 'x = ', ')\n'), undefined, 'nothing was typed');
  });

  test('brackets that the editor closes by itself in front of a long text, too', () => {
    const cache = new GhostCache();
    const after = `\n${'y = 2\n'.repeat(400)}`;
    cache.add(markOf(place('f', after)), ['(x)'], false);
    const found = cache.find(place('f(', `)${after}`));
    assert.deepEqual(found, { typed: 1, texts: ['x)'], replaces: 1, isFull: false });
    assert.equal(cache.find(place('f(', `)${after.slice(1)}`)), undefined);
  });

  test('whether several were asked for', () => {
    assert.equal(remembering('x = ', ['a'], '\n', true).find(place('x = '))?.isFull, true);
    assert.equal(remembering('x = ', ['a']).find(place('x = '))?.isFull, false);
  });

  test('the newest goes first, the oldest is forgotten', () => {
    const cache = remembering('x = ', ['old']);
    cache.add(markOf(place('x = ')), ['new'], false);
    assert.deepEqual(found(cache, 'x = '), ['new']);
    for (let i = 0; i < 40; i++) cache.add(markOf(place(`${i}`)), ['y'], false);
    assert.equal(found(cache, 'x = '), undefined);
  });

  test('what was typed and what is found are the answer, whatever was typed', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.string({ minLength: 1 }),
        fc.nat(),
        (before, after, answer, cut) => {
          const cache = remembering(before, [answer], after);
          const typed = answer.slice(0, cut % answer.length);
          const rest = cache.find(place(before + typed, after));
          const left = answer.slice(typed.length);
          assert.deepEqual(rest?.texts, left.trim() === '' ? undefined : [left]);
          if (rest !== undefined) assert.equal(rest.replaces, 0);
        },
      ),
    );
  });

  test('what is replaced behind the cursor is in the text, so that nothing is lost', () => {
    const code = fc.string({
      unit: fc.constantFrom('a', '(', ')', '[', ']', ' '),
      minLength: 1,
      maxLength: 12,
    });
    const closers = fc.string({ unit: fc.constantFrom(')', ']'), maxLength: 3 });
    fc.assert(
      fc.property(code, closers, closers, fc.nat(), (answer, closed, behind, cut) => {
        const cache = remembering('x = ', [answer], `${behind}\n`);
        const typed = answer.slice(0, cut % answer.length);
        const rest = cache.find(place(`x = ${typed}`, `${closed}${behind}\n`));
        for (const text of rest?.texts ?? []) {
          let at = 0;
          for (const closer of `${closed}${behind}`.slice(0, rest?.replaces)) {
            at = text.indexOf(closer, at) + 1;
            assert.ok(at > 0);
          }
        }
      }),
    );
  });
});

describe('what is offered of an answer', () => {
  test('several lines where the line is free, one in the middle of code', () => {
    assert.deepEqual(textsOf(['a(\n  b,\n)'], 'x = ', '\nrest'), ['a(\n  b,\n)']);
    assert.deepEqual(textsOf(['a(\n  b,\n)'], 'x = ', ');\nrest'), ['a(\n  b,\n)']);
    assert.deepEqual(textsOf(['a(\r\n  b'], 'x = ', ' + c\n'), ['a(']);
  });

  test('nothing blank, nothing twice, no line that follows the cursor already', () => {
    assert.deepEqual(textsOf(['', ' \n', 'a', 'a', 'b'], 'x = ', '\n'), ['a', 'b']);
    // The next line again, but not what often stands there twice, or what only begins like it.
    const next = '\n    if hi is None:\n        pass\n';
    assert.deepEqual(textsOf(['if hi is None:', 'if hi is not None:', 'if hi'], '    ', next), [
      'if hi is not None:',
      'if hi',
    ]);
    assert.deepEqual(textsOf([')', 'end', 'return'], '', '\n)\n'), [')', 'end', 'return']);
    assert.deepEqual(textsOf(['end'], '  ', '\nend\n'), ['end']);
    // Also where it was begun, and what it opened is closed behind the cursor.
    assert.deepEqual(textsOf(['hi is None:', 'lo is None:'], '    if ', next), ['lo is None:']);
    assert.deepEqual(textsOf(['s, p', 's, q'], '  x = f(', ')\n  x = f(s, p)\n'), ['s, q']);
    assert.deepEqual(textsOf(['\n  return x;', 'y'], 'x = ', '\n  return x;\n}\n'), ['y']);
  });

  test('nothing that opens a string and leaves it open', () => {
    const command = '  tar -tzf "$dir/$name" >/dev/null';
    assert.deepEqual(textsOf(['"', ' || return 1'], command, '\n}\n'), [' || return 1']);
    assert.deepEqual(textsOf(['a", b\n  c'], 'x = f(', '\n'), []);
    assert.deepEqual(textsOf(['a\n  "b'], 'x = f(', '\n'), []);
    // What the person has opened, what is closed behind it, what is escaped, and what ends where it likes.
    assert.deepEqual(textsOf(['a"'], 'x = "', '\n'), ['a"']);
    assert.deepEqual(textsOf(['b", "c'], 'x = f("a', '")\n'), ['b", "c']);
    assert.deepEqual(textsOf(['"a \\" b"'], 'x = ', '\n'), ['"a \\" b"']);
    assert.deepEqual(textsOf(['"""What it does.\n\n  More."""'], '  ', '\n'), [
      '"""What it does.\n\n  More."""',
    ]);
  });

  test('it takes the word and what was typed of it along, and stays in its line', () => {
    const offer = (before: string, typed: number, text: string, replaces = 0) =>
      offersOf(before, { typed, texts: [text], replaces, isFull: false })[0];
    assert.deepEqual(offer('x = ab', 0, 'c()'), { start: 4, end: 6, text: 'abc()' });
    assert.deepEqual(offer('x = abc', 1, '()'), { start: 4, end: 7, text: 'abc()' });
    assert.deepEqual(offer('if x:\n  y', 3, ' = 1'), { start: 6, end: 9, text: '  y = 1' });
    assert.deepEqual(offer('f(', 1, 'a)', 1), { start: 0, end: 3, text: 'f(a)' });
  });

  test('what would take its own place is nothing to see', () => {
    const remembered = { typed: 0, texts: [')', 'x)', ')\n'], replaces: 1, isFull: false };
    assert.deepEqual(visibleOf(remembered, ')\n'), ['x)', ')\n']);
    assert.deepEqual(visibleOf({ ...remembered, replaces: 0 }, ')\n'), remembered.texts);
  });

  test('costs a key nothing, however long the words of the text are', () => {
    const before = process.cpuUsage();
    const [offer] = offersOf(`${'x'.repeat(300_000)}\n${'y'.repeat(1000)}`, {
      typed: 0,
      texts: ['z'],
      replaces: 0,
      isFull: false,
    });
    assert.equal(offer?.text, `${'y'.repeat(200)}z`);
    const { user } = process.cpuUsage(before);
    // Processor time, whatever else runs on the machine.
    assert.ok(user < 10e6, 'reading each word to its end takes minutes');
  });

  test('behind a line end that was typed of it, it begins in the new line', () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const remembered = { typed: end.length + 2, texts: ['o'], replaces: 0, isFull: false };
      const start = 4 + end.length;
      assert.deepEqual(offersOf(`x ab${end}fo`, remembered), [{ start, end: start + 2, text: 'foo' }]);
    }
  });

  test('typed through, its place and its whole text stay the same', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', '.', ' ', '('), minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(line, line, fc.nat(), (before, answer, cut) => {
        const typed = cut % answer.length;
        const whole = offersOf(before, { typed: 0, texts: [answer], replaces: 0, isFull: false })[0];
        const rest = offersOf(before + answer.slice(0, typed), {
          typed,
          texts: [answer.slice(typed)],
          replaces: 0,
          isFull: false,
        })[0];
        assert.equal(rest?.start, whole?.start);
        assert.equal(rest?.text, whole?.text);
      }),
    );
  });
});

describe('where ghost text is asked for', () => {
  const typing = { isAsked: false, inComments: false };
  const asked = { isAsked: true, inComments: false };
  const at = (before: string, after = '\n', language = 'python') => ({ before, after, language });

  test('not inside a word, in a comment or in an empty file, unless a person asks', () => {
    for (const [position, why] of [
      [at('x = pri', 'nt(y)\n'), 'inside a word'],
      [at('x = 1  # the num'), 'comment'],
      [at('\n', '\n'), 'empty'],
      [at(`x = ${'1, '.repeat(2000)}`), 'long line'],
    ] as const) {
      assert.equal(refusalOf(position, typing), why);
      assert.equal(refusalOf(position, asked), undefined);
    }
    assert.equal(refusalOf(at('x = '), typing), undefined);
    assert.equal(refusalOf(at('# note '), { ...typing, inComments: true }), undefined);
  });

  test('never in what is no text; while typing not in what is huge', () => {
    assert.equal(refusalOf(at('a\0b'), asked), 'binary');
    assert.equal(refusalOf(at('a', '\0'), asked), 'binary');
    const huge = at('x = 1\n'.repeat(600_000));
    assert.equal(refusalOf(huge, typing), 'huge');
    assert.equal(refusalOf(huge, asked), undefined);
  });

  test('behind closing signs the line is free, before code it is not', () => {
    for (const after of ['', '\n', ');\n', ' ]) ,\n', '"\r\nx']) assert.equal(isMidLine(after), false, after);
    for (const after of [' + c\n', ') { return x }', 'x']) assert.equal(isMidLine(after), true, after);
  });

  for (const [language, before, is] of [
    ['python', 'x = 1 # y', true],
    ['python', 'x = "# no', false],
    ['python', 'x = "#" + y', false],
    ['typescript', 'const a = 1; // why', true],
    ['typescript', "fetch('http://x') + ", false],
    ['typescript', '/* a\n * b', true],
    ['typescript', '/* a */ x', false],
    ['shellscript', 'echo $#', false],
    ['sql', 'select 1 -- one', true],
    ['html', '<p><!-- a', true],
    ['css', 'a { /* x', true],
    ['css', 'a { color: #ff', false],
    ['unheard-of', '# x', false],
  ] as const) {
    test(`${language}: ${JSON.stringify(before)} is ${is ? 'a' : 'no'} comment`, () => {
      assert.equal(isInComment(language, before), is);
    });
  }
});

describe('quiet for a while', () => {
  function scene() {
    let now = 1000;
    let alarm: { readonly at: number; readonly call: () => void } | undefined;
    const told: (number | undefined)[] = [];
    const snooze = new Snooze((until) => told.push(until), {
      now: () => now,
      later: (call, millis) => {
        alarm = { at: now + millis, call };
        return () => {
          alarm = undefined;
        };
      },
    });
    const pass = (millis: number) => {
      now += millis;
      if (alarm !== undefined && alarm.at <= now) alarm.call();
    };
    return { snooze, told, pass, isSet: () => alarm !== undefined };
  }

  test('ends by itself', () => {
    const { snooze, told, pass } = scene();
    snooze.start(5);
    assert.equal(snooze.until, 301_000);
    pass(299_999);
    assert.deepEqual(told, [301_000]);
    pass(1);
    assert.deepEqual(told, [301_000, undefined]);
    assert.equal(snooze.until, undefined);
  });

  test('begun again it lasts as long as was said last, and can be ended at once', () => {
    const { snooze, told, pass } = scene();
    snooze.start(5);
    snooze.start(60);
    pass(300_000);
    assert.equal(snooze.until, 3_601_000);
    snooze.stop();
    snooze.stop();
    assert.deepEqual(told, [301_000, 3_601_000, undefined]);
  });

  test('without an end there is no timer, and none is left when the window closes', () => {
    const { snooze, isSet } = scene();
    snooze.start(Number.POSITIVE_INFINITY);
    assert.equal(isSet(), false);
    assert.equal(snooze.until, Number.POSITIVE_INFINITY);
    snooze.start(5);
    snooze.dispose();
    assert.equal(isSet(), false);
  });
});
