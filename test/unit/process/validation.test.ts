import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { EngineError, type ErrorCode } from '../../../engine/errors';
import * as validation from '../../../engine/process/validation';

const infill = {
  requestId: 1,
  model: '/models/a',
  priority: 'rewrite',
  text: 'let x = 1;',
  spans: [{ start: 4, end: 9, locked: [{ start: 4, end: 5 }] }],
};
const everything = {
  ...infill,
  document: 'file:///a.ts',
  language: 'typescript',
  fileName: 'a.ts',
  seed: 7,
  rule: 'entropy',
  temperature: 0.2,
  topP: 0.95,
  threshold: 0.9,
  steps: 16,
  candidates: 3,
  strength: 0.5,
  maxTokens: 64,
  cache: 'dual',
  copying: 'mixed',
  gate: 0.5,
  instruction: 'Use a loop.',
  openTexts: ['let y = 2;', ''],
  memory: { id: 'window', path: 'src/a.ts', near: ['src/b.ts'] },
  events: true,
};

function refuses(run: () => unknown, code: ErrorCode, path: string): void {
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof EngineError, String(error));
    assert.equal(error.code, code, `${path}: ${error.message}`);
    assert.equal(error.data['path'], path);
    assert.ok(error.message.includes(path.split('.').pop() ?? path), error.message);
    return true;
  });
}

describe('validation', () => {
  test('good parameters come back as they are, unknown fields and nulls left out', () => {
    assert.deepEqual(validation.infillParams(infill), infill);
    assert.deepEqual(validation.infillParams(everything), everything);
    assert.deepEqual(validation.infillParams({ ...infill, seed: null, later: 1, events: null }), infill);
    const score = {
      requestId: 0,
      model: 'm',
      priority: 'background',
      text: 'abc',
      range: { start: 1, end: 3 },
    };
    assert.deepEqual(validation.scoreParams(score), score);
    assert.deepEqual(validation.loadModelParams({ folder: 'dreamon-7b' }), { folder: 'dreamon-7b' });
    assert.deepEqual(validation.loadModelParams({ folder: '/m', provider: 'cpu', precision: 'q8' }), {
      folder: '/m',
      provider: 'cpu',
      precision: 'q8',
    });
    assert.deepEqual(
      validation.initialiseParams({ protocolVersion: 1, parentPid: 5, cacheFolder: '/c', x: 1 }),
      {
        protocolVersion: 1,
        parentPid: 5,
        cacheFolder: '/c',
      },
    );
    assert.deepEqual(validation.enoughParams({ requestId: 3 }), { requestId: 3 });
    assert.deepEqual(validation.modelParams({ model: 'm', x: 1 }), { model: 'm' });
  });

  test('each wrong field is refused by its name', () => {
    const wrong: [string, unknown][] = [
      ['requestId', undefined],
      ['requestId', 1.5],
      ['requestId', -1],
      ['requestId', '1'],
      ['model', ''],
      ['model', 5],
      ['priority', 'urgent'],
      ['priority', undefined],
      ['text', undefined],
      ['text', ['a']],
      ['text', 'x'.repeat(validation.LIMITS.text + 1)],
      ['spans', undefined],
      ['spans', []],
      ['spans', { start: 0, end: 1 }],
      ['spans', Array.from({ length: 1025 }, () => ({ start: 0, end: 1 }))],
      ['document', 5],
      ['language', 'x'.repeat(300)],
      ['fileName', {}],
      ['seed', 0.5],
      ['seed', -1],
      ['rule', 'best'],
      ['temperature', -0.1],
      ['temperature', Number.NaN],
      ['temperature', Number.POSITIVE_INFINITY],
      ['topP', 0],
      ['topP', 1.01],
      ['threshold', '0.9'],
      ['steps', 0],
      ['candidates', 65],
      ['strength', 1.5],
      ['maxTokens', 0],
      ['cache', 'none'],
      ['copying', 'on'],
      ['gate', 1.01],
      ['gate', -0.1],
      ['instruction', 5],
      ['instruction', 'x'.repeat(4001)],
      ['openTexts', 'text'],
      ['events', 1],
    ];
    for (const [field, value] of wrong) {
      refuses(() => validation.infillParams({ ...everything, [field]: value }), 'option-invalid', field);
    }
    refuses(() => validation.loadModelParams({ folder: './relative' }), 'option-invalid', 'folder');
    refuses(() => validation.loadModelParams({ folder: '/a\0b' }), 'option-invalid', 'folder');
    refuses(
      () => validation.loadModelParams({ folder: '/m', provider: 'tpu' }),
      'option-invalid',
      'provider',
    );
    refuses(
      () => validation.loadModelParams({ folder: '/m', precision: 'q2' }),
      'option-invalid',
      'precision',
    );
    for (const params of [undefined, null, 5, 'x', [], [infill]]) {
      refuses(() => validation.infillParams(params), 'option-invalid', 'params');
    }
  });

  test('a memory’s files are bounded one by one and together', () => {
    const file = { path: 'src/a.ts', text: 'x', language: 'typescript', modified: 1.5, rank: -2 };
    const update = { memory: 'window', files: [file], removed: ['b.ts'] };
    assert.deepEqual(validation.memoryUpdateParams({ ...update, later: 1 }), update);
    assert.deepEqual(validation.memoryClearParams({ memory: 'window' }), { memory: 'window' });
    const refuse = (more: object, path: string) =>
      refuses(() => validation.memoryUpdateParams({ ...update, ...more }), 'option-invalid', path);
    refuse({ memory: '' }, 'memory');
    refuse({ removed: undefined }, 'removed');
    refuse({ files: [{ ...file, path: '' }] }, 'files[0].path');
    refuse({ files: [{ ...file, modified: -1 }] }, 'files[0].modified');
    refuse({ files: new Array(257).fill(file) }, 'files');
    refuse({ files: new Array(3).fill({ ...file, text: 'x'.repeat(3_000_000) }) }, 'files');
  });

  test('spans and locked pieces must lie inside', () => {
    const cases: [object, ErrorCode, string][] = [
      [{ start: 0, end: 11 }, 'span-invalid', 'spans[0]'],
      [{ start: 5, end: 4 }, 'span-invalid', 'spans[0]'],
      [{ start: -1, end: 4 }, 'option-invalid', 'spans[0].start'],
      [{ start: 0 }, 'option-invalid', 'spans[0].end'],
      [{ start: 2, end: 4, locked: [{ start: 1, end: 3 }] }, 'span-invalid', 'spans[0].locked[0]'],
      [{ start: 2, end: 4, locked: [{ start: 3, end: 5 }] }, 'span-invalid', 'spans[0].locked[0]'],
      [{ start: 2, end: 4, locked: 'all' }, 'option-invalid', 'spans[0].locked'],
    ];
    for (const [span, code, path] of cases) {
      refuses(() => validation.infillParams({ ...infill, spans: [span] }), code, path);
    }
    const whole = { ...infill, spans: [{ start: 0, end: 10 }] };
    assert.deepEqual(validation.infillParams(whole), whole);
    const score = { requestId: 1, model: 'm', priority: 'ghost', text: 'abc' };
    refuses(() => validation.scoreParams({ ...score, range: { start: 0, end: 4 } }), 'span-invalid', 'range');
  });

  test('another version of the protocol is told in a sentence', () => {
    assert.throws(
      () => validation.initialiseParams({ protocolVersion: 2, parentPid: 1, cacheFolder: '/c' }),
      (error: unknown) =>
        error instanceof EngineError &&
        error.code === 'protocol-violation' &&
        /version 1, .* version 2:/.test(error.message) &&
        error.data['engine'] === 1 &&
        error.data['client'] === 2,
    );
  });

  test('property: anything at all gives either clean parameters or an error with a code', () => {
    const readers = [
      validation.infillParams,
      validation.scoreParams,
      validation.loadModelParams,
      validation.initialiseParams,
      validation.modelParams,
      validation.enoughParams,
    ];
    const mutated = fc
      .tuple(fc.constantFrom(...Object.keys(everything)), fc.anything())
      .map(([field, value]) => ({ ...everything, [field]: value }));
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof(fc.anything(), mutated), fc.constantFrom(...readers), (params, reader) => {
        try {
          const result = reader(params);
          assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
        } catch (error) {
          assert.ok(error instanceof EngineError, String(error));
          refused++;
        }
      }),
      { numRuns: 1000 },
    );
    assert.ok(refused > 100);
  });
});
