/** A collector with the embedded engine: what was acknowledged is in storage, in every table it belongs to, under the right network. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '@outcry/storage';
import { dedupKey, reportId } from '@outcry/protocol/open';
import {
  attempts,
  body,
  failure,
  options,
  post,
  removeDirectory,
  seal,
  startCollector,
  temporaryDirectory,
} from '../unit/collector/sealed.js';
import { buildCollector, openStorage, type OpenStorage } from './storage-fixture.js';

const GERMAN = { 'x-forwarded-for': '91.64.203.119' };
let engine: OpenStorage;
let directory: string;
let collector: Awaited<ReturnType<typeof startCollector>>;

beforeAll(async () => {
  await buildCollector();
  engine = await openStorage();
  await migrate(engine.client, {});
});
afterAll(() => engine.close());
beforeEach(async () => {
  directory = await temporaryDirectory();
  collector = await startCollector(options(directory, { name: 'c1', storage: engine.client, trustProxy: ['127.0.0.0/8'] }));
});
afterEach(async () => {
  await collector.close();
  await removeDirectory(directory);
});

describe('a report', () => {
  it('arrives in every table it has something for, under the network that the trusted proxy names', async () => {
    const content = body({
      failures: [failure(), failure({ route: null })],
      attempts: [attempts()],
      deliveries: [
        {
          sent_at: Math.floor(Date.now() / 1000) - 5,
          collector: 'c2.example.org',
          failed_collectors: ['c1.example.net'],
          tries: '1',
          later_retry: 'unknown',
        },
      ],
      losses: [{ reason: 'queue_full', bucket: '1' }],
      consents: [{ text: 'v3', text_hash: '', method: 'dialog', granted_day: 20_000 }],
    });
    const envelope = await seal(content);
    expect((await post(collector.url, envelope, GERMAN)).status).toBe(204);
    await collector.drained();
    const rows = await engine.ask<{ report_id: string; network: string; collector: string }>(
      'SELECT toString(report_id) AS report_id, network, collector FROM reports FINAL',
    );
    const ids = [0, 1].map((index) => reportId(dedupKey(envelope), 3, index).toString());
    expect(rows.map(({ report_id }) => report_id).sort()).toEqual(ids.sort());
    expect(rows.every((row) => /^AS\d+\/DE$/.test(row.network) && row.collector === 'c1')).toBe(true);
    const count = async (table: string) => (await engine.ask<{ n: string }>(`SELECT toString(count()) AS n FROM ${table} FINAL`))[0]?.n;
    const counts = await Promise.all(['attempts', 'deliveries', 'losses', 'consent_counts', 'dev_reports'].map(count));
    expect(counts).toEqual(['1', '1', '1', '1', '0']);
  });
});
