import { encodeCbor, type CborValue } from '@outcry/protocol/cbor';
import { Encoder } from 'cbor-x';
import { decode as decodeCborg } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const cborx = new Encoder({ useRecords: false });
const hex = (value: CborValue): string => Buffer.from(encodeCbor(value)).toString('hex');

const { value: anyValue } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.nat(0xffffffff),
    fc.boolean(),
    fc.constant(null),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 30 }),
  ),
}));

describe('encodeCbor', () => {
  it.each([
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [256, '190100'],
    [65_535, '19ffff'],
    [65_536, '1a00010000'],
    [4_294_967_295, '1affffffff'],
    [false, 'f4'],
    [true, 'f5'],
    [null, 'f6'],
    ['', '60'],
    ['IETF', '6449455446'],
    ['ü', '62c3bc'],
    ['\ud800', '63efbfbd'],
    [[], '80'],
    [[1, [2, 3], [4, 5]], '8301820203820405'],
    [Array.from({ length: 24 }, () => 1), `9818${'01'.repeat(24)}`],
    ['x'.repeat(256), `790100${'78'.repeat(256)}`],
  ] as [CborValue, string][])('writes %j as RFC 8949 has it', (value, bytes) => {
    expect(hex(value)).toBe(bytes);
  });

  it('is read alike by cbor-x and by strict cborg', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encodeCbor(value);
        expect(cborx.decode(bytes)).toEqual(value);
        expect(decodeCborg(bytes, { strict: true })).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});
