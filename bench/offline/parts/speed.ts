// A forward pass and a denoise step by shape and precision, beside PyTorch's on the same device, and how near a step comes to what the
// device's memory allows.
import { copyRatesOf } from '../../runtime/deviceCopy';
import { speedsOf, usableSides } from '../../runtime/gpuSpeed';
import { randomModel, shapeText, TINY } from '../../runtime/randomModel';
import type { Part } from '../part';
import { discard } from '../room';
import { PASS_TOKENS, reasonAgainst, type ShapePace, shapesFor } from '../shapes';

/** Seconds for the rounds of one pass in one precision. */
const PATIENCE = 30;

export const speedPart: Part = {
  name: 'speed',
  title: 'forward pass and denoise step by shape and precision, beside PyTorch',
  limit: 1500,
  async run({ report, isQuick }) {
    const { usable, absent } = await usableSides(true);
    const sides = usable.filter(({ provider }) => provider !== 'cpu');
    for (const [name, reason] of absent) report.skip(name, `The provider is not usable: ${reason}`);
    const rates = await copyRatesOf(sides, isQuick);
    for (const { provider } of sides) {
      const rate = rates.get(provider);
      report.check(
        `${provider}: its memory is timed`,
        rate !== undefined && rate > 0,
        rate === undefined
          ? 'The copy failed.'
          : `${(rate / 1e9).toFixed(1)} GB/s, read and written together.`,
      );
    }
    let before: ShapePace | undefined;
    for (const shape of shapesFor(isQuick)) {
      const reason = reasonAgainst(shape, sides, before);
      if (reason !== undefined) {
        report.skip(shape.name, reason);
        continue;
      }
      const checkpoint = await randomModel(shape);
      const size = isQuick
        ? { tokens: 32, step: 8, rounds: 1 }
        : { tokens: PASS_TOKENS, step: 32, rounds: 15 };
      const isLarge = shape.layers > 24;
      const title = `${shape.name}: ${shapeText(shape)}`;
      const speeds = await speedsOf(checkpoint, sides, {
        ...{ ...size, patience: PATIENCE, withoutFp32: isLarge, copyRates: rates },
        onRow: (header, row) => report.table(title, header, [row]),
      });
      for (const [name, why] of speeds.absent) report.skip(`${shape.name}, ${name}`, why);
      if (speeds.torch !== undefined) report.note(speeds.torch);
      report.check(
        `${shape.name}: something was measured on every device`,
        sides.every(({ provider }) => speeds.rows.some(([name = '']) => name.includes(provider))),
        `${speeds.rows.length} rows.`,
      );
      before = { shape, slowest: speeds.slowest };
      if (shape !== TINY) discard(checkpoint);
    }
    report.note(
      `Medians of ${isQuick ? 'one round' : `15 rounds, or of fewer (3 at least) where they take longer than ${PATIENCE} s`}. The roofline is the time in which a copy on the device moves as many bytes as the weights and the cache of a step have.`,
    );
    if (isQuick) report.skip('0.5B, 1.5B and 7B', 'Quick: the tiny shape alone.');
  },
};
