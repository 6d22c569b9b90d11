import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { Counter, exposition, Histogram, reading } from '../../../engine/serve/metrics';

describe('metrics', () => {
  test('labels are escaped, and what has no value is left out', () => {
    const page = exposition([
      new Counter('never_total', 'Nothing.'),
      reading('gauge', 'unknown', 'Nothing.', undefined),
      reading('gauge', 'info', 'What runs.', 1, { model: 'a"b\\c\nd' }),
    ]);
    assert.equal(page, '# HELP info What runs.\n# TYPE info gauge\ninfo{model="a\\"b\\\\c\\nd"} 1\n');
  });

  test('the buckets of a histogram count what is not above them, and grow', () => {
    const histogram = new Histogram('seconds', 'Times.');
    for (const seconds of [0.01, 0.3, 1000]) histogram.observe(seconds, { route: '/' });
    const value = (bound: string) =>
      histogram.lines().find((line) => line.startsWith(`seconds_bucket{route="/",le="${bound}"}`));
    assert.match(value('0.01') ?? '', / 1$/);
    assert.match(value('0.25') ?? '', / 1$/);
    assert.match(value('0.5') ?? '', / 2$/);
    assert.match(value('300') ?? '', / 2$/);
    assert.match(value('+Inf') ?? '', / 3$/);
    assert.ok(histogram.lines().includes('seconds_count{route="/"} 3'));
    assert.ok(histogram.lines().includes('seconds_sum{route="/"} 1000.31'));
  });
});
