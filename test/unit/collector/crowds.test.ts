import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { crowds, FEW_MS, FIRST_MS } from '../../../collector/src/intake/crowds.js';
import type { CollectorOptions } from '@outcry/collector';
import { ROW_COLUMNS } from '../../../collector/src/rows.js';
import { body, newSigner, options, post, removeDirectory, seal, startCollector, storageOf, temporaryDirectory } from './sealed.js';

const A = ['a.example'];
const B = ['b.example'];
const T = 1_795_000_000_000;
const from = (prefixKey: string, isPrivate = false) => ({ prefixKey, isPrivate });
/** One collector; signers are told apart by their number. */
const collector = (capacity = 1_000) => {
  const crowdOf = crowds(capacity);
  return (prefix: string, signer: number, hosts: readonly string[] = A, atMs = T) =>
    crowdOf(from(prefix), 'shop', hosts, BigInt(signer), atMs);
};

describe('the crowd of a failing client', () => {
  it('is first, few and few in a prefix, and many beyond', () => {
    const crowd = collector();
    expect([1, 2, 3, 4, 5].map((signer) => crowd('p', signer))).toEqual(['first', 'few', 'few', 'many', 'many']);
  });

  it('stays few for one that holds a place, however often it sends', () => {
    const crowd = collector();
    for (const signer of [1, 2, 3, 4]) crowd('p', signer);
    expect([1, 1, 3, 2, 4].map((signer) => crowd('p', signer, A, T + 60_000))).toEqual(['few', 'few', 'few', 'few', 'many']);
  });

  it('begins anew in another prefix, at another host and in another project', () => {
    const crowdOf = crowds(1_000);
    for (const signer of [1n, 2n, 3n, 4n]) crowdOf(from('p'), 'shop', A, signer, T);
    expect(crowdOf(from('q'), 'shop', A, 5n, T)).toBe('first');
    expect(crowdOf(from('p'), 'shop', B, 5n, T)).toBe('few');
    expect(crowdOf(from('p'), 'bank', A, 5n, T)).toBe('first');
  });

  it('gives a place back ten minutes after it was taken, and is first again after an hour', () => {
    const crowd = collector();
    for (const signer of [1, 2, 3]) crowd('p', signer);
    expect(crowd('p', 4, A, T + FEW_MS - 1)).toBe('many');
    expect([4, 5, 6, 7].map((signer) => crowd('p', signer, A, T + FEW_MS))).toEqual(['few', 'few', 'few', 'many']);
    expect(crowd('p', 8, A, T + FIRST_MS - 1)).toBe('few');
    expect(crowd('p', 9, A, T + FIRST_MS)).toBe('first');
  });

  it('is what it is at the host where it comes last, and takes nothing that it does not get', () => {
    const crowd = collector();
    for (const signer of [1, 2, 3]) crowd('p', signer);
    expect(crowd('p', 4, [...A, ...B])).toBe('many');
    expect([5, 6, 7, 8].map((signer) => crowd('p', signer, B))).toEqual(['few', 'few', 'few', 'many']);
    expect(crowd('p', 5, [...A, ...B])).toBe('many');
    expect(crowd('q', 6, [...A, ...B])).toBe('first');
  });

  it('never lets three prefixes through more than three times an hour as first, nor nine times in ten minutes as few, with any keys at any time', () => {
    const crowd = collector();
    const times = { first: [] as number[], few: [] as number[] };
    for (let atMs = T; atMs < T + 3 * FIRST_MS; atMs += 7_000) {
      const at = crowd(`p${String((atMs / 7_000) % 3)}`, atMs, A, atMs);
      if (at === 'first' || at === 'few') times[at].push(atMs);
    }
    const most = (list: readonly number[], withinMs: number): number =>
      Math.max(...list.map((start) => list.filter((ms) => ms >= start && ms < start + withinMs).length));
    expect(most(times.first, FIRST_MS)).toBe(3);
    expect(most([...times.first, ...times.few].sort(), FEW_MS)).toBeLessThanOrEqual(12);
  });

  it('is not said of private addresses, nor of uploads without a failure', () => {
    const crowdOf = crowds(10);
    expect([1n, 2n, 3n, 4n].map((signer) => crowdOf(from('p', true), 'shop', A, signer, T))).toEqual(['', '', '', '']);
    expect(crowdOf(from('p'), 'shop', [], 1n, T)).toBe('');
    expect(crowdOf(from('p'), 'shop', A, 2n, T)).toBe('first');
  });

  it('is judged anew after the clock went back, and after a place was forgotten for room', () => {
    const crowd = collector(2);
    for (const signer of [1, 2, 3]) crowd('p', signer);
    expect(crowd('p', 4, A, T - 3_600_000)).toBe('first');
    crowd('q', 1);
    crowd('r', 1);
    expect(crowd('p', 5)).toBe('first');
  });
});

describe('a collector behind a proxy that names its clients', () => {
  let directory: string;
  let close: (() => Promise<void>) | undefined;
  beforeEach(async () => void (directory = await temporaryDirectory()));
  afterEach(async () => {
    await close?.();
    await removeDirectory(directory);
  });

  /** Uploads one failure of a new key for each address, and gives the rows that storage was told. */
  async function rowsOf(addresses: readonly string[], change: Partial<CollectorOptions> = {}) {
    const values: string[] = [];
    const logged: unknown[] = [];
    const {
      url,
      drained,
      close: end,
    } = await startCollector(
      options(directory, {
        storage: storageOf((call) => Promise.resolve(void (call.table === 'reports' && values.push(...call.values)))),
        trustProxy: ['127.0.0.1'],
        log: (entry) => void logged.push(entry),
        ...change,
      }),
    );
    close = end;
    for (const address of addresses) {
      const answer = await post(url, await seal(body(), { signer: await newSigner() }), { 'x-forwarded-for': address });
      expect(answer.status).toBe(204);
    }
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const waiting = await readFile(join(directory, 'journal', 'journal.lmdb'), 'latin1');
    await drained();
    const crowd = ROW_COLUMNS.reports.indexOf('crowd');
    return {
      crowds: values.map((line) => line.split('\t')[crowd]),
      text: [...values, metrics, waiting, JSON.stringify(logged)].join('\n'),
    };
  }

  it('stores how a signer stands in its /24 or /48, and neither address nor hash of one', async () => {
    const v4 = ['91.64.203.1', '91.64.203.2', '91.64.203.3', '91.64.203.4', '91.64.204.1'];
    const v6 = ['2003:c7:9a4d:1::1', '2003:c7:9a4d:2::1', '2003:c7:9a4d:ffff::1', '2003:c7:9a4d::9', '2003:c7:9a4e::1'];
    const { crowds: found, text } = await rowsOf([...v4, ...v6]);
    const expected = ['first', 'few', 'few', 'many', 'first'];
    expect([...found].sort()).toEqual([...expected, ...expected].sort());
    for (const part of ['91.64', '2003:', '9a4d']) expect(text).not.toContain(part);
    expect(text).toContain('AS3320');
  });

  it('says nothing of clients whose addresses are private', async () => {
    expect((await rowsOf(['10.1.2.3', '10.1.2.4', '10.1.2.5', '10.1.2.6'])).crowds).toEqual(['', '', '', '']);
  });
});
