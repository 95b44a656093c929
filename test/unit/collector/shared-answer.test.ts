import { describe, expect, it } from 'vitest';
import { sharedAnswer } from '../../../collector/src/http/shared-answer.js';

describe('a shared answer', () => {
  it('is made once for all who ask within its age, those who come while it is made included', async () => {
    let [made, nowMs] = [0, 0];
    const ask = sharedAnswer(
      () => Promise.resolve((made += 1)),
      1_000,
      () => nowMs,
    );
    expect(await Promise.all([ask(), ask()])).toEqual([1, 1]);
    nowMs = 999;
    expect(await ask()).toBe(1);
    nowMs = 1_000;
    expect(await Promise.all([ask(), ask()])).toEqual([2, 2]);
  });

  it('is made again at once after it could not be made', async () => {
    let fails = true;
    const ask = sharedAnswer(
      () => (fails ? Promise.reject(new Error('no')) : Promise.resolve('text')),
      1_000,
      () => 0,
    );
    await expect(ask()).rejects.toThrow('no');
    fails = false;
    expect(await ask()).toBe('text');
  });
});
