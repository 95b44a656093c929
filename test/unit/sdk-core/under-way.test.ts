/** The patience of the tests' own clock: a machine that stands still for a while uses none of it up. */
import { expect, it } from 'vitest';
import { settle } from './place.js';
import { makeUnderWay } from './under-way.js';

it.each([
  ['what is followed', () => makeUnderWay().rest()],
  ['what is waited for', () => settle()],
])('%s goes on after the machine stood still', async (_, wait) => {
  const waiting = wait();
  const endMs = performance.now() + 100;
  while (performance.now() < endMs);
  // As I/O does, of which each turn of the event loop brings the next part.
  let steps = 0;
  const step = (): void => {
    steps += 1;
    if (steps < 5) setImmediate(step);
  };
  setImmediate(step);
  await waiting;
  expect(steps).toBe(5);
});
