// What a model writes behind its hole is not part of the answer.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { endOfBlock } from '../../../engine/remote/runOn';
import { best, connected, events, llamaEvents, recordedServer, wish } from './recordedServer';

const sides = (before: string, selected = '') => ({ before, selected, after: '' });
const kept = (answer: string, before: string, selected = '') =>
  answer.slice(0, endOfBlock(answer, sides(before, selected)));

describe('an answer ends where it leaves the block of its hole', () => {
  test('in a body that is indented', () => {
    const before = 'for value in values:\n        ';
    assert.equal(kept('total += value\n    return total\n\n\ndef mode(', before), 'total += value');
    assert.equal(kept('a()\n        b()\n\n        c()\n', before), 'a()\n        b()\n\n        c()\n');
  });

  test('before a brace that closes what the hole did not open', () => {
    assert.equal(kept('return 1;\n}\n\nfunction g() {\n', 'function f() {\n  '), 'return 1;');
    assert.equal(
      kept('\n    foo();\n  }\n  bar();\n}\n', 'f() {\n  if (x) {'),
      '\n    foo();\n  }\n  bar();',
    );
  });

  test('with what was selected as the measure', () => {
    const selected = 'if a:\n        b()\n    c()';
    assert.equal(kept('x()\n    y()\nz()\n', 'def f():\n    ', selected), 'x()\n    y()');
    const whole = 'def f():\n    pass';
    assert.equal(kept('def g():\n    pass\ng()\n', '', whole), 'def g():\n    pass\ng()\n');
  });

  test('at the margin there is nothing to leave', () => {
    assert.equal(kept('a()\nb()\n', 'x\n'), 'a()\nb()\n');
  });

  test('not at a directive or the end of a text', () => {
    assert.equal(kept('a();\n#endif\n  b();\n}\n', '{\n  '), 'a();\n#endif\n  b();');
    assert.equal(kept('x = """\ntext\n', '  ').length, 'x = """'.length);
  });

  test('not before a line is whole: it may still be indented', () => {
    assert.equal(endOfBlock('a()\n', sides('  ')), undefined);
    assert.equal(endOfBlock('a()\n b', sides('  ')), undefined);
  });
});

test('a stream is ended as soon as the block is left', async (t) => {
  const pieces = ['sum(values)\n', 'print(', ')\n', 'mo'];
  const server = await recordedServer(t, (heard, response) => {
    if (heard.body['stream'] !== true)
      return response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    // It has no end of its own.
    events(response, llamaEvents(pieces).slice(0, pieces.length));
    return undefined;
  });
  const model = await connected(t, 'llama-server', server.url);
  assert.equal(best(await model.infill(wish())), 'sum(values)');
  await server.heard.at(-1)?.closed;
});
