import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { Seats } from '../../engine/seats';
import { giveTurn } from '../../engine/turn';

/** Work that holds its seat until it is let go. */
class Guest {
  seat: string | undefined;
  private leave: (() => void) | undefined;
  readonly done: Promise<void>;

  constructor(seats: Seats<string>, fit?: (seat: string) => number) {
    this.done = seats.use((seat) => {
      this.seat = seat;
      return new Promise<void>((resolve) => {
        this.leave = resolve;
      });
    }, fit);
  }

  async go(): Promise<void> {
    this.leave?.();
    await this.done;
    await giveTurn();
  }
}

describe('seats', () => {
  test('are one guest’s each: the best that is free, else the one that was empty for longest', async () => {
    const seats = new Seats(['a', 'b', 'c']);
    const guests = [
      new Guest(seats),
      new Guest(seats, (seat) => (seat === 'c' ? 2 : 0)),
      new Guest(seats, (seat) => (seat === 'c' ? 2 : 1)),
      new Guest(seats),
    ];
    await giveTurn();
    assert.deepEqual(
      guests.map(({ seat }) => seat),
      ['a', 'c', 'b', undefined],
    );
    await guests[1]?.go();
    assert.equal(guests[3]?.seat, 'c');
    for (const at of [2, 0, 3]) await guests[at]?.go();
    const next = new Guest(seats);
    await giveTurn();
    assert.equal(next.seat, 'b');
    await next.go();
  });

  test('who wants the whole table waits for all, and nobody who came later goes first', async () => {
    const seats = new Seats(['a', 'b']);
    const first = new Guest(seats);
    await giveTurn();
    const order: string[] = [];
    const whole = seats.alone(async () => {
      order.push('whole');
      await giveTurn();
      order.push('whole ends');
    });
    const later = new Guest(seats);
    await giveTurn();
    assert.deepEqual([first.seat, later.seat, order], ['a', undefined, []]);
    await first.go();
    await whole;
    await giveTurn();
    assert.deepEqual(order, ['whole', 'whole ends']);
    assert.ok(later.seat !== undefined);
    await later.go();
  });

  test('work that throws gives its seat back, and says why', async () => {
    const seats = new Seats(['a']);
    await assert.rejects(
      seats.use(async () => {
        throw new Error('spilt');
      }),
      /spilt/,
    );
    assert.equal(await seats.use(async (seat) => seat), 'a');
  });
});
