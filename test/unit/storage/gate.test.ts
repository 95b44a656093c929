import { describe, expect, test } from 'vitest';
import { createGate } from '../../../storage/src/owner/gate.js';

const never = new AbortController().signal;

/** Work that ends when told. */
function held() {
  let end = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => promise, end: () => end() };
}

describe('a gate for two at once', () => {
  test('lets the third wait until one of the others has ended', async () => {
    const gate = createGate(2, 5);
    const [one, two] = [held(), held()];
    const first = gate.enter(one.work, never);
    const second = gate.enter(two.work, never);
    let hasBegun = false;
    const third = gate.enter(async () => void (hasBegun = true), never);
    await Promise.resolve();
    expect(hasBegun).toBe(false);
    one.end();
    await Promise.all([first, third]);
    expect(hasBegun).toBe(true);
    two.end();
    await second;
  });

  test('refuses with code 202 when too many wait', async () => {
    const gate = createGate(1, 1);
    const one = held();
    const first = gate.enter(one.work, never);
    const second = gate.enter(async () => 2, never);
    await expect(gate.enter(async () => 3, never)).rejects.toMatchObject({ code: 202 });
    one.end();
    await first;
    expect(await second).toBe(2);
  });

  test('does not begin work whose client went away while it waited, and lets the next in', async () => {
    const gate = createGate(1, 5);
    const one = held();
    const gone = new AbortController();
    const first = gate.enter(one.work, never);
    const second = gate.enter(async () => 2, gone.signal);
    const third = gate.enter(async () => 3, never);
    gone.abort();
    one.end();
    await first;
    await expect(second).rejects.toMatchObject({ code: 394 });
    expect(await third).toBe(3);
  });

  test('lets the next in after work that failed', async () => {
    const gate = createGate(1, 5);
    await expect(gate.enter(() => Promise.reject(new Error('failed')), never)).rejects.toThrow('failed');
    expect(await gate.enter(async () => 1, never)).toBe(1);
  });
});
