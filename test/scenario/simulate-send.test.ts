/** A simulated world told to a real collector on the real engine: what was taken is what is stored, under the networks of the world. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCollector } from '@outcry/collector';
import { parseRow } from '@outcry/analyzer';
import { migrate } from '@outcry/storage';
import { run as runCommand } from '../../cli/src/main.js';
import { writeNewKey } from '../../cli/src/recipient-keys.js';
import { KEY, options } from '../unit/collector/sealed.js';
import { buildCollector, openStorage, type OpenStorage } from './storage-fixture.js';

let cwd: string;
let engine: OpenStorage;
let collector: Awaited<ReturnType<typeof startCollector>>;
const out: string[] = [];
const err: string[] = [];
const outcry = (...args: string[]): Promise<number> => {
  out.length = 0;
  err.length = 0;
  return runCommand(['simulate', ...args], { out: (l) => out.push(l), err: (l) => err.push(l), env: {}, cwd });
};
const SMALL = ['--seed', '5', '--days', '0.1', '--projects', '1', '--hosts', '1', '--scripts', 'resolver-outage'];
const HOSTS = ['api1.shop.example'];

beforeAll(async () => {
  await buildCollector();
  cwd = await mkdtemp(join(tmpdir(), 'outcry-send-'));
  engine = await openStorage();
  await migrate(engine.client);
  await mkdir(join(cwd, 'collector'));
  collector = await startCollector(
    options(join(cwd, 'collector'), {
      name: 'c1',
      storage: engine.client,
      trustProxy: ['127.0.0.0/8'],
      projects: { shop: { hosts: HOSTS, stage: 'production' } },
    }),
  );
});
afterAll(async () => {
  await collector.close();
  await engine.close();
  await rm(cwd, { recursive: true, force: true });
});

describe('outcry simulate --send', () => {
  it('has every report and every count of requests stored once, under the network and country of its client', async () => {
    const code = await outcry(
      '--send',
      '--collector',
      collector.url,
      '--recipient-key',
      KEY.publicKey,
      '--rate',
      '2000',
      '--truth',
      'truth',
      '--json',
      ...SMALL,
    );
    expect(err).toEqual([]);
    expect(code).toBe(0);
    const sent = JSON.parse(out.join('')) as { envelopes: number; taken: number; reports: number; attempts: number; problems: object };
    expect(sent).toMatchObject({ taken: sent.envelopes, problems: {} });
    expect(sent.reports).toBeGreaterThan(50);
    await collector.drained();
    const [stored] = await engine.ask(`
      SELECT toUInt32((SELECT count() FROM reports FINAL)) AS reports, toUInt32((SELECT count() FROM attempts FINAL)) AS attempts,
             toUInt32((SELECT uniqExact(signer) FROM reports FINAL)) AS signers, toUInt32((SELECT countIf(network = 'unknown/ZZ') FROM reports FINAL)) AS unknown,
             toUInt32((SELECT countIf(network != concat('AS', toString(claimed_asn), '/', claimed_country)) FROM reports FINAL)) AS elsewhere`);
    expect(stored).toEqual({ reports: sent.reports, attempts: sent.attempts, signers: sent.reports, unknown: 0, elsewhere: 0 });
    // The end of the world is now: what happened last happened just before.
    const [{ last, first } = { last: 0, first: 0 }] = await engine.ask<{ first: number; last: number }>(
      'SELECT toUInt32(min(event_time)) AS first, toUInt32(max(event_time)) AS last FROM reports FINAL',
    );
    const nowS = Date.now() / 1000;
    expect(nowS - last).toBeLessThan(1_200);
    expect(nowS - first).toBeGreaterThan(3_600);
    const truth = parseRow((await readFile(join(cwd, 'truth'), 'utf8')).trim());
    expect(truth).toMatchObject({ row: 'incident', script: 'resolver-outage', hosts: HOSTS });
    if (truth?.row !== 'incident') throw new Error('no incident');
    expect(truth.start).toBeGreaterThan(first);
    expect(truth.end).toBeLessThan(nowS);
    const [{ inside } = { inside: 0 }] = await engine.ask<{ inside: number }>(
      `SELECT toUInt32(countIf(kind = 'dns' AND event_time BETWEEN ${truth.start - 10} AND ${truth.end + 10})) AS inside FROM reports FINAL`,
    );
    expect(inside).toBeGreaterThanOrEqual(truth.injected * 0.9);
  });

  it('plays a world from now on at the wanted speed, within the rate', async () => {
    await engine.run('TRUNCATE TABLE reports');
    const startedMs = Date.now();
    // Two hours at 3600 times: two seconds and what arrives after them.
    await outcry(
      '--send',
      '--collector',
      collector.url,
      '--recipient-key',
      KEY.publicKey,
      '--speed',
      '3600',
      '--rate',
      '1000',
      '--json',
      ...SMALL,
    );
    const { taken, reports } = JSON.parse(out.join('')) as { taken: number; reports: number };
    const seconds = (Date.now() - startedMs) / 1000;
    expect(taken / seconds).toBeLessThan(1_000);
    await collector.drained();
    const [{ early, n } = { early: 1, n: 0 }] = await engine.ask<{ early: number; n: number }>(
      `SELECT toUInt32(countIf(event_time < toDateTime(${Math.floor(startedMs / 1000) - 20}, 'UTC'))) AS early, toUInt32(count()) AS n FROM reports FINAL`,
    );
    expect(n).toBe(reports);
    expect(early).toBeLessThanOrEqual(n / 20);
  });

  it('counts the codes of what is refused, says what the collectors have to know, and ends with 1', async () => {
    const strange = [...SMALL.slice(0, 4), '--projects', '2', '--hosts', '1', '--incidents', '0'];
    expect(await outcry('--send', '--collector', collector.url, '--recipient-key', KEY.publicKey, '--rate', '2000', ...strange)).toBe(1);
    expect(out.some((line) => /^ {2}unknown_project: \d/.test(line))).toBe(true);
    expect(err.join()).toContain('"bank":{"hosts":["api1.bank.example"]}');
  });

  it('sends to nobody that is neither named nor on this machine', async () => {
    await writeFile(join(cwd, 'outcry.config.json'), JSON.stringify({ data_dir: cwd, collector: { host: '192.0.2.7' } }));
    writeNewKey(join(cwd, 'recipient-key.json'), KEY);
    expect(await outcry('--send', ...SMALL)).toBe(2);
    expect(err.join()).toContain('--collector is missing');
    for (const wrong of [
      ['--send', '--collector', 'ftp://127.0.0.1'],
      ['--send', '--recipient-key', 'short', '--collector', collector.url],
      ['--send', '--out', 'file'],
      ['--speed', '2'],
      ['--send', '--days', '8'],
      ['--send', '--rate', '0'],
    ])
      expect(await outcry(...wrong)).toBe(2);
  });
});
