/**
 * What a correctly sealed envelope can hold to hurt the one who opens it: each costs at most 25 times the CPU of an honest
 * envelope of equal size, and gets a coded refusal. In-process calls, so that nothing but the intake is measured.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { FINAL_CODES, encodeBody } from '@outcry/protocol';
import { loadRecipientKeys } from '@outcry/protocol/open';
import { clockOffsets } from '../../collector/src/intake/clock-offsets.js';
import { prefixLimits } from '../../collector/src/intake/prefix-limits.js';
import { intake, type Receive } from '../../collector/src/intake/receive.js';
import { registryOf } from '../../collector/src/intake/registry.js';
import { releaseCap } from '../../collector/src/intake/release-cap.js';
import { openJournal, type Journal } from '../../collector/src/journal/journal.js';
import { UNKNOWN_NETWORK } from '../../collector/src/network/label.js';
import { body, failure, HOST, KEY, removeDirectory, seal, temporaryDirectory } from '../unit/collector/sealed.js';

const ROUNDS = 20;
const MAX_RATIO = 25;
const sender = { prefixKey: 'p', label: UNKNOWN_NETWORK };
let directory: string;
let journal: Journal;
let receive: Receive;

beforeAll(async () => {
  directory = await temporaryDirectory();
  journal = await openJournal(join(directory, 'journal.lmdb'), { maxEntries: 1e6, maxBytes: 1e9 });
  receive = intake({
    keys: loadRecipientKeys([KEY]),
    limits: prefixLimits({ uploadsPerSecond: 1e6, uploadBurst: 1e6, signersPerHour: 4096, prefixes: 10 }),
    registry: registryOf({ shop: { hosts: [HOST], stage: 'production' } }),
    capRelease: releaseCap(200),
    offsets: clockOffsets(100),
    journal,
    maxVerifying: 64,
    hasRoom: () => true,
    now: Date.now,
    onJournalError: (error) => {
      throw error;
    },
  });
});
afterAll(async () => {
  await journal.close();
  await removeDirectory(directory);
});

const repeat = (count: number, ...bytes: number[]): Buffer => Buffer.alloc(count * bytes.length, Buffer.from(bytes));
const u32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
/** The body's array head with one hostile value in it. */
const inBody = (...parts: (Buffer | number[])[]): Buffer =>
  Buffer.concat([Buffer.of(0x88, 0x01), ...parts.map((part) => Buffer.from(part))]);
const BIG = 250_000;

/** Facts of the decoder that the design refuses: every hazard that was measured, as the bytes of a body. */
const HAZARDS: Record<string, Buffer> = {
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
  'an indefinite text': inBody([0x7f], repeat(100_000, 0x61, 0x61), [0xff]),
  'an indefinite array without an end': inBody([0x9f], repeat(BIG, 0x01)),
  undefined: inBody([0xf7]),
  'not a number': inBody([0xf9, 0x7e, 0x00]),
  'an integer beyond 53 bits': inBody([0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  'a text of 250 kB': inBody([0x7a, ...u32(BIG)], repeat(BIG, 0x61)),
  'a text of malformed UTF-8': inBody([0x7a, ...u32(BIG)], repeat(BIG, 0xc3)),
  'a reserved simple value': inBody([0xf8, 0x10]),
  'nothing at all': Buffer.of(0xf6),
  'a host name made to backtrack': Buffer.from(encodeBody(body({ failures: [failure({ host: `${'a-'.repeat(120)}!` })] }))),
};

/** CPU microseconds of one call, the median over rounds of fresh envelopes. */
async function costOf(envelopes: readonly Buffer[]): Promise<{ cpuUs: number; codes: Set<string> }> {
  const costs: number[] = [];
  const codes = new Set<string>();
  for (const envelope of envelopes) {
    const before = process.cpuUsage();
    codes.add((await receive(envelope, sender)).code);
    const { user, system } = process.cpuUsage(before);
    costs.push(user + system);
  }
  costs.sort((a, b) => a - b);
  return { cpuUs: costs[Math.floor(costs.length / 2)] ?? 0, codes };
}

const sealed = (make: () => Promise<Buffer>): Promise<Buffer[]> => Promise.all(Array.from({ length: ROUNDS }, make));
const hostile = (raw: Buffer): Promise<Buffer[]> =>
  // The sealing side deflates only what gets shorter, so the hazard's deflated bytes are handed in beside a longer body.
  sealed(() =>
    seal(
      body(),
      raw.length < 2_000 ? { raw, plain: true } : { raw: Buffer.alloc(deflateRawSync(raw).length + 1), deflated: deflateRawSync(raw) },
    ),
  );

/** The cost of an honest envelope that is at least as long, so never an easier measure. */
const honestCosts = new Map<number, number>();
async function honestCost(length: number): Promise<number> {
  const known = honestCosts.get(length);
  if (known !== undefined) return known;
  let failures = 1;
  let one = await seal(body());
  while (one.length < length && failures < 64) {
    failures += 1;
    one = await seal(bodyOf(failures));
  }
  const envelopes = await sealed(() => seal(bodyOf(failures)));
  await costOf(envelopes.slice(0, 5));
  const { cpuUs, codes } = await costOf(envelopes.slice(5));
  expect([...codes]).toEqual(['stored']);
  honestCosts.set(length, cpuUs);
  return cpuUs;
}
const bodyOf = (failures: number) =>
  body({
    failures: Array.from({ length: failures }, (_, index) =>
      failure({ occurred_at: 1_795_000_000 + index * 10, elapsed_ms: index * 7, claimed_asn: index * 977 }),
    ),
  });

describe('a correctly sealed envelope that holds', () => {
  beforeAll(async () => void (await costOf(await sealed(() => seal(bodyOf(10))))));

  it.each(Object.entries(HAZARDS))(`%s is refused at no more than ${MAX_RATIO} times the cost of an honest one`, async (_name, raw) => {
    const envelopes = await hostile(raw);
    const honestUs = await honestCost(envelopes[0]?.length ?? 0);
    const { cpuUs, codes } = await costOf(envelopes);
    for (const code of codes) expect(FINAL_CODES).toContain(code);
    expect(cpuUs / honestUs).toBeLessThanOrEqual(MAX_RATIO);
  });

  it('a bomb is cut off at its bound', async () => {
    const bomb = deflateRawSync(Buffer.alloc(40 * 1024 * 1024));
    const envelopes = await sealed(() => seal(body(), { raw: Buffer.alloc(bomb.length + 1), deflated: bomb }));
    const { cpuUs, codes } = await costOf(envelopes);
    expect([...codes]).toEqual(['body_too_large']);
    expect(cpuUs / (await honestCost(envelopes[0]?.length ?? 0))).toBeLessThanOrEqual(MAX_RATIO);
  });
});

describe('junk', () => {
  it('of a wrong version or key costs no cryptography: at most a fifth of an honest envelope', async () => {
    const honest = await honestCost(1_000);
    const junk = Array.from({ length: 400 }, (_, index) => {
      const bytes = randomBytes(152 + 16 + 256 * 3);
      bytes.set(index % 2 === 0 ? [9, 1, 1, 1] : [1, 1, 1, 1]);
      return bytes;
    });
    const before = process.cpuUsage();
    for (const bytes of junk) expect(['unsupported_version', 'unknown_key']).toContain((await receive(bytes, sender)).code);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / junk.length).toBeLessThan(honest / 5);
  });

  it('of any length never makes the intake throw', async () => {
    for (let index = 0; index < 500; index += 1) {
      const bytes = randomBytes(Math.floor((index * 61_440) / 500));
      if (index % 3 > 0) bytes.set(Buffer.of(1, 1 + (index % 2), index % 2, 1).subarray(0, bytes.length));
      expect(FINAL_CODES.concat('unknown_key' as never)).toContain((await receive(bytes, sender)).code);
    }
  });
});
