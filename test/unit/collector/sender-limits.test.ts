import { describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { senderLimits } from '../../../collector/src/intake/sender-limits.js';

const signer = Buffer.alloc(32, 7);
const GENEROUS = { networkUploadsPerSecond: 1e6, networkUploadBurst: 1e6 };
/** The limits, asked by names of prefixes of one network. */
function limits(change = {}) {
  const { take, countSigner, size } = senderLimits({
    ...{ ...GENEROUS, uploadsPerSecond: 2, uploadBurst: 4, signersPerHour: 100, prefixes: 3 },
    ...change,
  });
  const ask = (prefixKey: string, key: Uint8Array, nowMs: number, systemNumber = 3320): number =>
    take({ prefixKey, systemNumber }, key, nowMs);
  return {
    size,
    take: ask,
    /** An upload whose signature turns out to be right. */
    takeSigned(prefixKey: string, key: Uint8Array, nowMs: number): number {
      const waitS = ask(prefixKey, key, nowMs);
      if (waitS === 0) countSigner({ prefixKey }, key, nowMs);
      return waitS;
    },
  };
}

describe('the allowance of a prefix', () => {
  it('lets a burst through, then the rate, and says how long to wait', () => {
    const { take } = limits();
    expect([0, 0, 0, 0, 0].map(() => take('p', signer, 1_000))).toEqual([0, 0, 0, 0, 1]);
    expect(take('p', signer, 1_400)).toBe(1);
    expect(take('p', signer, 1_600)).toBe(0);
    expect(take('other', signer, 1_600)).toBe(0);
  });

  it('is never more than the burst after a long silence, nor less after the clock went back', () => {
    const { take } = limits();
    take('p', signer, 1_000_000);
    expect([0, 0, 0, 0, 0].map(() => take('p', signer, 9_000_000))).toEqual([0, 0, 0, 0, 1]);
    expect(take('p', signer, 0)).toBe(1);
  });

  it('forgets the prefix unused for longest, and never holds more than it may', () => {
    const { take, size } = limits();
    for (let index = 0; index < 4; index += 1) take('a', signer, 0);
    take('b', signer, 0);
    take('c', signer, 0);
    expect(take('a', signer, 0)).toBe(1);
    take('d', signer, 0);
    expect(size()).toBe(3);
    expect(take('a', signer, 0)).toBe(1);
  });
});

describe('the allowance of a network', () => {
  const small = { networkUploadsPerSecond: 1, networkUploadBurst: 3, prefixes: 100 };

  it('is shared by all of its prefixes, and by nobody else', () => {
    const { take } = limits(small);
    expect(['a', 'b', 'c', 'd', 'e'].map((prefix) => take(prefix, signer, 0))).toEqual([0, 0, 0, 1, 1]);
    expect(take('f', signer, 0, 3215)).toBe(0);
    expect(take('g', signer, 1_000)).toBe(0);
  });

  it('is not used up by what one prefix was refused', () => {
    const { take } = limits({ ...small, networkUploadBurst: 6 });
    for (let index = 0; index < 50; index += 1) take('noisy', signer, 0);
    expect(['a', 'b', 'c'].map((prefix) => take(prefix, signer, 0))).toEqual([0, 0, 1]);
  });

  it('does not bind addresses that no network announces', () => {
    const { take } = limits(small);
    for (let index = 0; index < 20; index += 1) expect(take(`p${index}`, signer, 0, 0)).toBe(0);
  });
});

describe('the signer keys of a prefix', () => {
  const many = (allowed: number, shown: number): number[] => {
    const { takeSigned } = limits({ uploadBurst: 1e6, signersPerHour: allowed });
    return Array.from({ length: shown }, () => takeSigned('p', randomBytes(32), 60_000));
  };

  it('are capped per hour, with the wait until the next hour', () => {
    const waits = many(10, 40);
    expect(waits.filter((wait) => wait === 0).length).toBeGreaterThanOrEqual(10);
    expect(waits.filter((wait) => wait === 0).length).toBeLessThan(14);
    expect(Math.max(...waits)).toBe(3_540);
  });

  it('are capped beyond the few that are remembered one by one', () => {
    const passed = many(1_000, 3_000).filter((wait) => wait === 0).length;
    expect(passed).toBeGreaterThanOrEqual(1_000);
    expect(passed).toBeLessThan(1_600);
  });

  it('are not used up by uploads that nobody signed', () => {
    const { take, takeSigned } = limits({ uploadBurst: 1e6, signersPerHour: 1 });
    for (let index = 0; index < 500; index += 1) expect(take('p', randomBytes(32), 0)).toBe(0);
    expect(takeSigned('p', Buffer.alloc(32, 1), 0)).toBe(0);
    expect(take('p', Buffer.alloc(32, 2), 0)).toBe(3_600);
  });

  it('are free when they are known, and all free in the next hour', () => {
    const { takeSigned } = limits({ uploadBurst: 1e6, signersPerHour: 1 });
    const [one, two] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    expect(takeSigned('p', one, 0)).toBe(0);
    expect(takeSigned('p', two, 0)).toBe(3_600);
    expect(takeSigned('p', one, 0)).toBe(0);
    expect(takeSigned('p', two, 3_600_000)).toBe(0);
  });
});
