/** A change of the recipient key as docs/tasks/rotate-keys.md tells it: no envelope is lost at any step. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FINAL_CODES } from '@outcry/protocol';
import { makeRecipientKey } from '@outcry/protocol/open';
import { body, options, post, removeDirectory, seal, startCollector, storageOf, temporaryDirectory } from './sealed.js';

type Collector = Awaited<ReturnType<typeof startCollector>>;
const [OLD, NEW] = [makeRecipientKey(), makeRecipientKey()];
/** Two keys of one id, found among 41,378. */
const TWINS = [
  { publicKey: '17g0twcUQ0oG55q4nEtC0-n-eXp8cogMFiN_nYatF3I', secretKey: 'GFVOFHd--PN0OKoAZWm1st9Ba_p_OjnC0_KbXFDTK0o' },
  { publicKey: '3j6l3HcJdnNiGPmb7KnEY2AS0mJbv0BwyoUgmtFKBVQ', secretKey: '-M5go_kj-_BA0MeNbbZCOl38OrqBorcFvUYB3Y5HWUQ' },
];
let directory: string;
let collector: Collector | undefined;
let rows: string[] = [];
const storage = storageOf(({ table, values }) => Promise.resolve(void (table === 'reports' && rows.push(...values))));
/** The collector is started again with these keys, as an operator does. */
const restart = async (keys: readonly (typeof OLD)[]): Promise<string> => {
  await collector?.close();
  collector = await startCollector(options(directory, { keys, storage }));
  return collector.url;
};

beforeEach(async () => {
  directory = await temporaryDirectory();
  rows = [];
});
afterEach(async () => {
  await collector?.close();
  collector = undefined;
  await removeDirectory(directory);
});

describe('a recipient key that is changed', () => {
  it('loses no envelope: both are taken, a retired one keeps its envelopes on the device, and takes them when it is put back', async () => {
    const [queued, early, late] = await Promise.all([OLD, OLD, NEW].map(({ publicKey }) => seal(body(), { recipientKey: publicKey })));
    if (queued === undefined || early === undefined || late === undefined) throw new Error('sealed');
    let url = await restart([OLD]);
    expect(await post(url, late)).toMatchObject({ status: 400, code: 'unknown_key' });
    url = await restart([NEW, OLD]);
    expect((await post(url, early)).status).toBe(204);
    expect((await post(url, late)).status).toBe(204);
    url = await restart([NEW]);
    expect(await post(url, queued)).toMatchObject({ status: 400, code: 'unknown_key' });
    expect(FINAL_CODES).not.toContain('unknown_key');
    // A copy of what was taken under the old key comes once more: it cannot be opened now, and does not have to be.
    expect((await post(url, early)).code).toBe('unknown_key');
    url = await restart([NEW, OLD]);
    expect((await post(url, queued)).status).toBe(204);
    expect((await post(url, early)).status).toBe(204);
    await collector?.drained();
    expect(rows).toHaveLength(3);
  });

  it('is refused with its code where its id is that of another live key', async () => {
    await expect(startCollector(options(directory, { keys: TWINS, storage }))).rejects.toMatchObject({ code: 'OUTCRY_KEY_ID_CLASH' });
  });
});
