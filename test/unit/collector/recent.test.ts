import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recent } from '../../../collector/src/intake/token-bucket.js';

/** The same with an array in the order of use, the oldest first. */
function inOrder(capacity: number) {
  let entries: { key: number; made: number }[] = [];
  let made = 0;
  return (key: number): number => {
    const known = entries.find((e) => e.key === key);
    const entry = known ?? { key, made: made++ };
    entries = [...entries.filter((e) => e !== known), entry].slice(-capacity);
    return entry.made;
  };
}

describe('what was used of late', () => {
  it('is kept up to its capacity, and the value unused for longest makes room', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(fc.nat(9), { maxLength: 60 }), (capacity, keys) => {
        let made = 0;
        const values = recent<number, { n: number }>(capacity, () => ({ n: made++ }));
        const expected = inOrder(capacity);
        for (const key of keys) {
          expect(values.of(key).n).toBe(expected(key));
          expect(values.size()).toBeLessThanOrEqual(capacity);
        }
      }),
    );
  });

  it('is not used by a peek', () => {
    const values = recent<string, { name: string }>(2, () => ({ name: 'made' }));
    const first = values.of('a');
    values.of('b');
    expect(values.peek('a')).toBe(first);
    values.of('c');
    expect(values.peek('a')).toBeUndefined();
    expect(values.size()).toBe(2);
  });
});
