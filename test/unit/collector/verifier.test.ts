import { describe, expect, it } from 'vitest';
import { verifierOf } from '../../../collector/src/intake/verifier.js';
import { seal } from './sealed.js';

describe('the verifier', () => {
  it('answers at once until its share of a turn is used up, then by way of the thread pool, to the same effect', async () => {
    const { verify, isFull } = verifierOf(2, 2);
    const honest = await seal();
    const forged = Buffer.from(honest);
    forged[100] = (forged[100] ?? 0) ^ 1;
    await new Promise(setImmediate);
    expect([verify(honest), verify(forged)]).toEqual([true, false]);
    expect(isFull()).toBe(false);
    const pooled = [verify(honest), verify(forged)];
    expect(isFull()).toBe(true);
    expect(pooled.every((answer) => answer instanceof Promise)).toBe(true);
    expect(await Promise.all(pooled)).toEqual([true, false]);
    expect(isFull()).toBe(false);
  });

  it('gets a new share every turn', async () => {
    const { verify } = verifierOf(1, 1);
    const honest = await seal();
    for (let turn = 0; turn < 3; turn += 1) {
      expect(verify(honest)).toBe(true);
      await new Promise(setImmediate);
    }
  });
});
