/** The hazards of untrusted CBOR: each is refused with a code, and none costs time. */
import { encodeBody } from '@outcry/protocol';
import { decodeBody } from '@outcry/protocol/open';
import { isPlainCbor } from '@outcry/protocol/scan-cbor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyBody, sampleBody } from '../unit/protocol/sample-body.js';
import { leastCpuMs } from '../cpu-time.js';

const MAX = 256 * 1024;
/** For one value in all three places; cbor-x took a minute for 444 bytes. */
const MAX_CPU_MS = 50;
const u32 = (n: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(n);
  return bytes;
};
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
/** A body that is valid up to one value that trails it, which the decoder must read all the same. */
const honest = Buffer.from(encodeBody(sampleBody));
const trailing = (value: Buffer): Buffer => Buffer.concat([Buffer.of(0x89), honest.subarray(1), value]);
/** A body whose sealed_at is the given value. */
const sealedAt = (value: Buffer): Buffer => Buffer.concat([honest.subarray(0, 2), value, honest.subarray(7)]);

function codeOf(bytes: Uint8Array): string {
  try {
    decodeBody(bytes);
    return 'decoded';
  } catch (error) {
    expect(error).toMatchObject({ name: 'OutcryError' });
    return (error as { code: string }).code;
  }
}

const BAD: [string, Buffer][] = [
  ['a positive bignum', hex('c249010000000000000000')],
  ['a negative bignum', hex('c349010000000000000000')],
  ['a bignum of 256 KiB', Buffer.concat([hex('c25a'), u32(MAX - 1000), Buffer.alloc(MAX - 1000, 0xff)])],
  ['a date (tag 0)', hex('c074323031332d30332d32315432303a30343a30305a')],
  ['an epoch date (tag 1)', hex('c11a514b67b0')],
  ['an error or a RegExp (tag 27)', hex('d81b8267526567457870626161')],
  ['a shared value (tag 28)', hex('d81c80')],
  ['a reference (tag 29)', hex('d81d00')],
  ['a typed array (tag 64)', hex('d8404101')],
  ['a set (tag 258)', hex('d9010280')],
  ['a record definition of cbor-x', hex('d9dfff83194000816161')],
  ['a record definition with prefix of cbor-x', hex('d9dffe83194000816161')],
  ['self-described CBOR', hex('d9d9f700')],
  ['an indefinite array', hex('9f01ff')],
  ['an indefinite map', hex('bf616101ff')],
  ['an indefinite text', hex('7f6161ff')],
  ['an indefinite byte string', hex('5f4101ff')],
  ['a bare break', hex('ff')],
  ['undefined', hex('f7')],
  ['NaN as half, single and double', hex('f97e00')],
  ['NaN as single', hex('fa7fc00000')],
  ['NaN as double', hex('fb7ff8000000000000')],
  ['Infinity', hex('f97c00')],
  ['−Infinity', hex('f9fc00')],
  ['an integer beyond 2^53', hex('1b0020000000000001')],
  ['the largest integer', hex('1bffffffffffffffff')],
  ['the smallest integer', hex('3bffffffffffffffff')],
  ['an integer that is not as short as possible', hex('1800')],
  ['a length that is not as short as possible', hex('980100')],
  ['a map with a key twice', hex('a2616101616102')],
  ['a map with __proto__ twice', Buffer.concat([hex('a2'), ...[1, 2].flatMap((n) => [hex('69'), Buffer.from('__proto__'), Buffer.of(n)])])],
  ['a map with an array as key', hex('a18001')],
  ['an array that declares 2^32 − 1 items', hex('9affffffff')],
  ['a map that declares 2^32 − 1 pairs', hex('baffffffff')],
  ['a text that declares 2^32 − 1 bytes', hex('7affffffff')],
  ['a byte string that declares 2^53 bytes', hex('5b0020000000000000')],
  ['an array that declares 2^64 − 1 items', hex('9bffffffffffffffff')],
  ['2000 arrays that each declare too much', Buffer.concat(Array.from({ length: 2000 }, () => hex('9a00ffffff')))],
  ['arrays in arrays, 4 Ki deep, without an end', Buffer.alloc(4096, 0x81)],
  ['arrays in arrays, 255 Ki deep', Buffer.concat([Buffer.alloc(MAX - 1000, 0x81), Buffer.of(0)])],
  ['maps in maps, 80 Ki deep', Buffer.concat([...Array.from({ length: 80_000 }, () => hex('a16161')), Buffer.of(0)])],
  ['tags in tags', Buffer.concat([Buffer.alloc(100_000, 0xc6), Buffer.of(0)])],
  ['a map', hex('a0')],
  ['a map with __proto__', Buffer.concat([hex('a169'), Buffer.from('__proto__'), hex('a0')])],
  ['a byte string', hex('4101')],
  ['a float', hex('fb3ff8000000000000')],
  ['a float with an integer value', hex('fb3ff0000000000000')],
  ['a negative integer', hex('20')],
  ['2^32', hex('1b0000000100000000')],
  ['a reserved length', hex('1c')],
  ['an unassigned simple value', hex('e0')],
  ['a simple value in two bytes', hex('f8ff')],
];

describe('decodeBody', () => {
  it('decodes the honest body that the hazards are put into', () => {
    expect(codeOf(honest)).toBe('decoded');
    expect(decodeBody(trailing(hex('00'))).unknownFields).toBe(1);
    expect(decodeBody(sealedAt(hex('17'))).body.sealed_at).toBe(23);
  });

  it.each(BAD)('refuses %s, behind the body, inside it and alone', async (_, value) => {
    const refuse = (): void => {
      for (const bytes of [trailing(value), sealedAt(value), value]) expect(codeOf(bytes.subarray(0, MAX))).toBe('bad_cbor');
    };
    expect(await leastCpuMs(refuse, { rounds: 3 })).toBeLessThan(MAX_CPU_MS);
  });

  it('refuses bytes behind the body, and no bytes at all', () => {
    expect(codeOf(Buffer.concat([honest, Buffer.of(0)]))).toBe('bad_cbor');
    expect(codeOf(Buffer.alloc(0))).toBe('bad_cbor');
  });

  it('refuses the honest body cut at any length', () => {
    for (let size = 0; size < honest.length; size++) expect(codeOf(honest.subarray(0, size)), `${size} bytes`).toBe('bad_cbor');
  });

  it('leaves every prototype as it was', () => {
    const proto = Buffer.concat([hex('a169'), Buffer.from('__proto__'), hex('a1'), hex('68'), Buffer.from('polluted'), hex('f5')]);
    expect(codeOf(trailing(proto))).toBe('bad_cbor');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['a text', '6131'],
    ['null', 'f6'],
    ['true', 'f5'],
    ['an array', '80'],
  ])('refuses %s where an integer belongs as an invalid report', (_, value) => {
    expect(codeOf(sealedAt(hex(value)))).toBe('invalid_report');
  });

  it('takes arrays 8 deep and 8191 values, and refuses one more', () => {
    const deep = (n: number): Buffer => Buffer.concat([Buffer.alloc(n, 0x81), Buffer.of(0)]);
    const wide = (n: number): Buffer => Buffer.concat([Buffer.of(0x99, n >> 8, n & 255), Buffer.alloc(n)]);
    expect(isPlainCbor(deep(8))).toBe(true);
    expect(isPlainCbor(deep(9))).toBe(false);
    expect(isPlainCbor(wide(8190))).toBe(true);
    expect(isPlainCbor(wide(8191))).toBe(false);
  });

  it('finds nothing plain that is cut short or goes on behind its end', () => {
    expect(isPlainCbor(honest)).toBe(true);
    expect(isPlainCbor(Buffer.concat([honest, Buffer.of(0)]))).toBe(false);
    for (let size = 0; size < honest.length; size++) expect(isPlainCbor(honest.subarray(0, size)), `${size} bytes`).toBe(false);
  });

  it('finds everything plain that our encoder writes', () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        expect(isPlainCbor(encodeBody(body))).toBe(true);
      }),
    );
    const full = { ...sampleBody };
    const times = <T>(items: readonly T[]): T[] => Array.from({ length: 64 }, () => items[0] as T);
    const largest = { ...full, failures: times(full.failures), attempts: times(full.attempts), deliveries: times(full.deliveries), losses: times(full.losses), consents: times(full.consents) }; // prettier-ignore
    expect(decodeBody(encodeBody(largest)).body).toEqual(largest);
  });

  it('refuses malformed UTF-8 in a text of the body', () => {
    const at = honest.indexOf('api.shop.example');
    for (const byte of [0xff, 0xc0, 0xed, 0x80]) {
      const bytes = Buffer.from(honest);
      bytes[at] = byte;
      expect(codeOf(bytes)).toBe('invalid_report');
    }
  });

  it('gives a code and nothing else for any bytes, and for any change of an honest body', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(codeOf(bytes)).toMatch(/^(bad_cbor|invalid_report|unsupported_schema)$/);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.nat(honest.length - 1), fc.integer({ min: 0, max: 255 }), (index, byte) => {
        expect(codeOf(honest.with(index, byte))).toMatch(/^(decoded|bad_cbor|invalid_report|unsupported_schema|too_many_reports)$/);
      }),
      { numRuns: 2000 },
    );
  });
});
