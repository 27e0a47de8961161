/** Who is taken to sit at the secret window still: the same person, at once, and nothing in between. */
import { expect, test } from 'vitest';
import { Seat } from '../../../src-main/processes/seat';

const LEFT = 1_764_000_000_000;

test('nobody at first', () => {
  expect(new Seat().isStillTakenBy('ada', LEFT)).toBe(false);
});

test('whoever left less than ten seconds ago, and nobody else', () => {
  const seat = new Seat();
  seat.leave('ada', LEFT);
  expect(seat.isStillTakenBy('ada', LEFT)).toBe(true);
  expect(seat.isStillTakenBy('ada', LEFT + 9_999)).toBe(true);
  expect(seat.isStillTakenBy('ada', LEFT + 10_000)).toBe(false);
  expect(seat.isStillTakenBy('ben', LEFT)).toBe(false);
});

test('nobody once something came in between, or when the clock was set back', () => {
  const seat = new Seat();
  seat.leave('ada', LEFT);
  expect(seat.isStillTakenBy('ada', LEFT - 1)).toBe(false);
  seat.empty();
  expect(seat.isStillTakenBy('ada', LEFT)).toBe(false);
});
