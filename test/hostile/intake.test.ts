/**
 * Every sort of hostile upload costs at most 25 times the CPU of an honest envelope of equal size, gets a coded refusal, and leaves
 * nothing in the journal. In-process calls, so that nothing but the intake is measured.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { FINAL_CODES } from '@outcry/protocol';
import type { Receive } from '../../collector/src/intake/receive.js';
import type { Journal } from '../../collector/src/journal/journal.js';
import { NOWHERE } from '../../collector/src/network/label.js';
import { body, failure, removeDirectory, seal, temporaryDirectory } from '../unit/collector/sealed.js';
import { openBareIntake } from './bare-intake.js';
import { CBOR_JUNK, ENVELOPE_JUNK } from './junk.js';

const ROUNDS = 20;
const MAX_RATIO = 25;
const sender = { prefixKey: 'p', isPrivate: false, ...NOWHERE };
let directory: string;
let journal: Journal;
let receive: Receive;

beforeAll(async () => {
  directory = await temporaryDirectory();
  ({ journal, receive } = await openBareIntake(directory));
});
afterAll(async () => {
  await journal.close();
  await removeDirectory(directory);
});

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

beforeAll(async () => void (await costOf(await sealed(() => seal(bodyOf(10))))));

describe.each([
  ['an upload with', ENVELOPE_JUNK],
  ['a correctly sealed envelope that holds', CBOR_JUNK],
])('%s', (_what, kinds) => {
  it.each(kinds.map((kind) => [kind.name, kind] as const))(
    `%s is refused at no more than ${MAX_RATIO} times the cost of an honest one`,
    async (_name, { make, codes: expected }) => {
      const envelopes = await sealed(make);
      const honestUs = await honestCost(envelopes[0]?.length ?? 0);
      const stored = journal.environment.queue.getCount();
      const { cpuUs, codes } = await costOf(envelopes);
      for (const code of codes) expect(expected).toContain(code);
      expect(cpuUs / honestUs).toBeLessThanOrEqual(MAX_RATIO);
      expect(journal.environment.queue.getCount()).toBe(stored);
    },
  );
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
