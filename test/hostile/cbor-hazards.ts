/** What CBOR can hold to hurt the one who decodes it: every hazard that was measured, as the bytes of a body. */
import { encodeBody } from '@outcry/protocol';
import { body, failure } from '../unit/collector/sealed.js';

const repeat = (count: number, ...bytes: number[]): Buffer => Buffer.alloc(count * bytes.length, Buffer.from(bytes));
const u32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
/** The body's array head with one hostile value in it. */
const inBody = (...parts: (Buffer | number[])[]): Buffer =>
  Buffer.concat([Buffer.of(0x88, 0x01), ...parts.map((part) => Buffer.from(part))]);
const BIG = 250_000;
const keyed = (...names: string[]): Buffer =>
  Buffer.concat([
    Buffer.of(0xa0 + names.length),
    ...names.flatMap((name) => [Buffer.of(0x60 + name.length), Buffer.from(name), Buffer.of(1)]),
  ]);

export const CBOR_HAZARDS: Readonly<Record<string, Buffer>> = {
  'a positive bignum of 250 kB': inBody([0xc2, 0x5a, ...u32(BIG)], repeat(BIG, 0xff)),
  'a negative bignum of 250 kB': inBody([0xc3, 0x5a, ...u32(BIG)], repeat(BIG, 0xff)),
  'a bignum of 32 kB': inBody([0xc2, 0x5a, ...u32(32_000)], repeat(32_000, 0xff)),
  'record definitions': inBody(repeat(20_000, 0xd9, 0xdf, 0xff, 0x83, 0x01, 0x81, 0x61, 0x61, 0x01)),
  'inline record definitions': inBody(repeat(20_000, 0xd9, 0xdf, 0xfe, 0x82, 0x81, 0x61, 0x61, 0x01)),
  'a cycle by value sharing': inBody([0xd8, 0x1c, 0x81, 0xd8, 0x1d, 0x00]),
  'a billion laughs by value sharing': inBody(repeat(60_000, 0xd8, 0x1d, 0x00)),
  'a date': inBody([0xc1, 0x1a, 0, 0, 0, 0]),
  'a regular expression': inBody([0xd8, 0x1b, 0x82, 0x66, ...Buffer.from('RegExp'), 0x61, 0x61]),
  'a set': inBody([0xd9, 0x01, 0x02, 0x81, 0x01]),
  'a map with any keys': inBody([0xd9, 0x01, 0x03, 0xa1, 0x01, 0x01]),
  'a typed array': inBody([0xd8, 0x40, 0x41, 0x01]),
  'arrays nested 250,000 deep': repeat(BIG, 0x81),
  'arrays nested 4,096 deep': repeat(4_096, 0x81),
  'maps nested 60,000 deep': repeat(60_000, 0xa1, 0x61, 0x61),
  'tags nested 250,000 deep': repeat(BIG, 0xc1),
  'an array said to hold 4 billion items': inBody([0x9a, 0xff, 0xff, 0xff, 0xff]),
  'a text said to be 4 GB long': inBody([0x7a, 0xff, 0xff, 0xff, 0xff]),
  'arrays that each declare too much': repeat(2_000, 0x9a, 0x00, 0x0f, 0xff, 0xff),
  'a quarter of a million empty maps': inBody([0x9a, ...u32(BIG)], repeat(BIG, 0xa0)),
  'a quarter of a million empty arrays': inBody([0x9a, ...u32(BIG)], repeat(BIG, 0x80)),
  'a quarter of a million empty texts': inBody([0x9a, ...u32(BIG)], repeat(BIG, 0x60)),
  'a quarter of a million floats': inBody([0x9a, ...u32(28_000)], repeat(28_000, 0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 1)),
  'a map of many equal keys': inBody([0xba, ...u32(80_000)], repeat(80_000, 0x61, 0x61, 0x01)),
  'the key __proto__': inBody([0xa1, 0x69, ...Buffer.from('__proto__'), 0xa1, 0x61, 0x61, 0x01]),
  'the keys constructor, toString and hasOwnProperty': inBody(keyed('constructor', 'toString', 'hasOwnProperty')),
  'a key twice': inBody(keyed('a', 'a')),
  'an indefinite text': inBody([0x7f], repeat(100_000, 0x61, 0x61), [0xff]),
  'an indefinite array without an end': inBody([0x9f], repeat(BIG, 0x01)),
  undefined: inBody([0xf7]),
  'not a number': inBody([0xf9, 0x7e, 0x00]),
  infinity: inBody([0xf9, 0x7c, 0x00]),
  'an integer beyond 53 bits': inBody([0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  'an integer longer than it has to be': inBody([0x1a, 0, 0, 0, 1]),
  'a text of 250 kB': inBody([0x7a, ...u32(BIG)], repeat(BIG, 0x61)),
  'a text of malformed UTF-8': inBody([0x7a, ...u32(BIG)], repeat(BIG, 0xc3)),
  'a reserved simple value': inBody([0xf8, 0x10]),
  'nothing at all': Buffer.of(0xf6),
  'a byte behind its end': Buffer.concat([encodeBody(body()), Buffer.of(0)]),
  'a host name made to backtrack': Buffer.from(encodeBody(body({ failures: [failure({ host: `${'a-'.repeat(120)}!` })] }))),
};
