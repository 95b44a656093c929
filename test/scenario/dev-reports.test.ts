/** What `outcry tail` prints, read from a real engine: its place behind a row is a comparison that only the engine makes. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { insertRows, migrate } from '@outcry/storage';
import { followDevReports } from '../../cli/src/services/dev-reports.js';
import { openStorage, type OpenStorage } from './storage-fixture.js';
import { reportRow } from './storage-rows.js';

let db: OpenStorage;
beforeAll(async () => {
  db = await openStorage();
  await migrate(db.client, {});
});
afterAll(() => db.close());

it('every report is shown once, in the order of arrival, of thousands that were inserted in one moment', async () => {
  // Ids whose order as text is another one, up to the largest.
  const ids = Array.from({ length: 2_600 }, (_, index) => String(2n ** 64n - 1n - BigInt(index) * 7_000_000_000_000_001n));
  await insertRows(
    db.client,
    'dev_reports',
    ids.map((report_id) => reportRow({ project: 'shop-dev', report_id })),
    'token',
  );
  const [moments] = await db.ask<{ n: string }>('SELECT uniqExact(inserted_at) AS n FROM dev_reports');
  expect(Number(moments?.n)).toBe(1);
  const shown: string[] = [];
  const stop = new AbortController();
  const sinceMs = Date.now() - 600_000;
  const following = followDevReports(db.client, { project: 'shop-dev', sinceMs, everyMs: 20, signal: stop.signal }, (report) => {
    shown.push(report.report_id);
  });
  await expect.poll(() => shown.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(ids.length);
  await insertRows(db.client, 'dev_reports', [reportRow({ project: 'shop-dev', report_id: '5' })], 'token2');
  await expect.poll(() => shown.at(-1), { timeout: 60_000 }).toBe('5');
  stop.abort();
  await following;
  expect(shown).toEqual([...ids].reverse().concat('5'));
});
