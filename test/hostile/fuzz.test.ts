/** Uploads made by chance: each gets a code of the table, none makes the intake throw, and what was not sealed as it should be reaches no journal. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { encodeBody, FINAL_CODES } from '@outcry/protocol';
import { decodeValues, dedupKey } from '@outcry/protocol/open';
import type { Receive } from '../../collector/src/intake/receive.js';
import { unpackEntry } from '../../collector/src/journal/entry.js';
import type { Journal } from '../../collector/src/journal/journal.js';
import { NOWHERE } from '../../collector/src/network/label.js';
import { addRows, noRows } from '../../collector/src/rows.js';
import { anyBody } from '../unit/protocol/sample-body.js';
import { body, failure, HOST, removeDirectory, seal, temporaryDirectory } from '../unit/collector/sealed.js';
import { openBareIntake } from './bare-intake.js';
import { CBOR_JUNK, ENVELOPE_JUNK, sealRaw } from './junk.js';

const REFUSED = new Set<string>([...FINAL_CODES, 'unknown_key', 'clock_unsure']);
const sender = { prefixKey: 'p', isPrivate: false, ...NOWHERE };
let directory: string;
let journal: Journal;
let receive: Receive;
let honest: Buffer;
let large: Buffer;

const stored = (): number => journal.environment.queue.getCount();

beforeAll(async () => {
  directory = await temporaryDirectory();
  ({ journal, receive } = await openBareIntake(directory));
  honest = await seal(body({ failures: [failure(), failure({ route: null })] }));
  // Nothing in it deflates, so it is as long as an upload gets: 60 kB.
  large = await seal(body(), { raw: randomBytes(61_000), plain: true });
});
afterAll(async () => {
  await journal.close();
  await removeDirectory(directory);
});

/** Whether the bytes happen to be a valid body. */
function isBody(bytes: Uint8Array): boolean {
  try {
    decodeValues(bytes);
    return true;
  } catch {
    return false;
  }
}

/** One change of an upload's bytes. */
type Change = (bytes: Buffer) => Buffer;
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ at: fc.nat(), bit: fc.nat(7) }).map(({ at, bit }): Change => (bytes) => {
    const index = at % Math.max(1, bytes.length);
    return Buffer.from(bytes.with(index, (bytes[index] ?? 0) ^ (1 << bit)));
  }),
  fc.nat().map(
    (at): Change =>
      (bytes) =>
        bytes.subarray(0, at % Math.max(1, bytes.length)),
  ),
  fc.nat().map(
    (at): Change =>
      (bytes) =>
        bytes.subarray(0, bytes.length - 256 * (1 + (at % 3))),
  ),
  fc.record({ at: fc.nat(), put: fc.uint8Array({ minLength: 1, maxLength: 300 }) }).map(
    ({ at, put }): Change =>
      (bytes) =>
        Buffer.concat([bytes.subarray(0, at % bytes.length), put, bytes.subarray(at % bytes.length)]),
  ),
  fc.record({ at: fc.nat(), from: fc.nat(), length: fc.integer({ min: 1, max: 64 }) }).map(({ at, from, length }): Change => (bytes) => {
    const changed = Buffer.from(bytes);
    bytes.copy(changed, at % bytes.length, from % bytes.length, (from % bytes.length) + length);
    return changed;
  }),
);

describe('an upload', () => {
  it('that is an envelope changed on its way, of 1 to 60 kB, is refused with a code and not stored', async () => {
    const before = stored();
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(anyChange, { minLength: 1, maxLength: 4 }), async (isLarge, changes) => {
        const original = isLarge ? large : honest;
        const changed = changes.reduce((bytes, change) => (bytes.length === 0 ? bytes : change(bytes)), original);
        if (changed.equals(original)) return;
        const { code } = await receive(changed, sender);
        expect(REFUSED).toContain(code);
      }),
      { numRuns: 2_000 },
    );
    expect(stored()).toBe(before);
  });

  it('of any bytes of any length is refused with a code and not stored', async () => {
    const before = stored();
    await fc.assert(
      fc.asyncProperty(fc.nat(62_000), fc.boolean(), async (length, isHeaded) => {
        const bytes = randomBytes(length);
        if (isHeaded) honest.copy(bytes, 0, 0, 10);
        expect(REFUSED).toContain((await receive(bytes, sender)).code);
      }),
      { numRuns: 1_000 },
    );
    expect(stored()).toBe(before);
  });

  it('sealed around any bytes is refused with a code and not stored', async () => {
    const before = stored();
    const bytes = Buffer.from(encodeBody(body()));
    const anyRaw = fc.oneof(
      fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array)),
      // A body of which one stretch is something else.
      fc
        .record({ at: fc.nat(bytes.length - 1), gone: fc.nat(8), put: fc.uint8Array({ minLength: 1, maxLength: 9 }) })
        .map(({ at, gone, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)])),
      fc.constantFrom(...CBOR_JUNK.map(({ name }) => Buffer.from(name))),
    );
    await fc.assert(
      fc.asyncProperty(anyRaw, async (raw) => {
        fc.pre(!isBody(raw));
        expect(REFUSED).toContain((await receive(await sealRaw(raw), sender)).code);
      }),
      { numRuns: 600 },
    );
    expect(stored()).toBe(before);
  });

  it('of any valid body is stored under its dedup key, and the journal turns it into rows; of other projects and hosts it is refused', async () => {
    await fc.assert(
      fc.asyncProperty(anyBody, async (any) => {
        const before = stored();
        expect(['unknown_project', 'unknown_host', 'stored']).toContain((await receive(await seal(any), sender)).code);
        const ours = {
          ...any,
          context: { ...any.context, project: 'shop' },
          failures: any.failures.map((one) => ({ ...one, host: HOST })),
          attempts: any.attempts.map((one) => ({ ...one, host: HOST })),
        };
        const envelope = await seal(ours);
        expect(await receive(envelope, sender)).toMatchObject({ code: 'stored', reports: any.failures.length });
        expect(stored()).toBeGreaterThan(before);
        const [last] = [...journal.environment.queue.getRange({ reverse: true, limit: 1 })];
        const entry = unpackEntry(last?.value ?? Buffer.alloc(0));
        expect(Buffer.from(entry.dedup)).toEqual(dedupKey(envelope));
        const rows = noRows();
        addRows(rows, entry, 'c1');
        expect(rows.tables.reports.length).toBe(any.failures.length);
      }),
      { numRuns: 100 },
    );
  });

  it('of every known sort of junk, changed once more, is refused with a code and not stored', async () => {
    const before = stored();
    const kinds = [...ENVELOPE_JUNK, ...CBOR_JUNK];
    const uploads = await Promise.all(kinds.map(({ make }) => make()));
    await fc.assert(
      fc.asyncProperty(fc.nat(kinds.length - 1), anyChange, async (index, change) => {
        expect(REFUSED).toContain((await receive(change(uploads[index] ?? honest), sender)).code);
      }),
      { numRuns: 1_000 },
    );
    expect(stored()).toBe(before);
  });
});
