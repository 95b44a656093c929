import { describe, expect, it } from 'vitest';
import { clockOffsets, sealedOnline } from '../../../collector/src/intake/clock-offsets.js';

const sealed = (sealedAt: number, ...sentAt: number[]) => ({ sealedAt, sentAt });

describe('sealedOnline', () => {
  it('needs a delivery in the minute before sealing', () => {
    expect(sealedOnline(sealed(1000))).toBe(false);
    expect(sealedOnline(sealed(1000, 940))).toBe(true);
    expect(sealedOnline(sealed(1000, 939))).toBe(false);
    expect(sealedOnline(sealed(1000, 1001))).toBe(false);
  });
});

describe('the offset of a clock', () => {
  it('is unknown until an envelope was sealed online, then holds for the signer', () => {
    const { learn } = clockOffsets(10);
    expect(learn(1n, sealed(1000), 4600)).toBeUndefined();
    expect(learn(1n, sealed(1000, 990), 4600)).toBe(3600);
    expect(learn(1n, sealed(2000), 9999)).toBe(3600);
    expect(learn(2n, sealed(2000), 9999)).toBeUndefined();
  });

  it('is 0 within half a minute', () => expect(clockOffsets(10).learn(1n, sealed(1000, 990), 1029)).toBe(0));

  it('takes the smallest, since a late retry only adds to it', () => {
    const { learn } = clockOffsets(10);
    learn(1n, sealed(1000, 990), 8000);
    expect(learn(1n, sealed(1000, 990), 1003)).toBe(0);
    expect(learn(1n, sealed(2000, 1990), 9000)).toBe(0);
  });

  it('is forgotten for the oldest signer beyond the capacity', () => {
    const { learn } = clockOffsets(1);
    learn(1n, sealed(1000, 990), 4600);
    learn(2n, sealed(1000, 990), 4600);
    expect(learn(1n, sealed(1000), 4600)).toBeUndefined();
  });
});
