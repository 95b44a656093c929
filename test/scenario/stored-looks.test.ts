/** What alerts and rounds ask storage about spikes of long ago and about lagging collectors, answered by the engine. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { migrate } from '@outcry/storage';
import { ask } from '../../analyzer/src/queries/ask.js';
import { collectorLags } from '../../analyzer/src/queries/intake-health.js';
import { storedSpikes } from '../../analyzer/src/queries/stored-spikes.js';
import { loadSpikes, saveSpikes } from '../../analyzer/src/watch/store-spikes.js';
import type { SpikeRecord } from '../../analyzer/src/watch/spike-record.js';
import { record } from '../unit/analyzer/sample-record.js';
import { attempts } from './outage-rows.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';

const NOW_S = Math.floor(Date.now() / 60_000) * 60;
const NOW = NOW_S * 1000;
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
let engine: OpenStorage;
beforeAll(async () => {
  await buildStorage();
  engine = await openStorage();
  await migrate(engine.client, {});
});
afterAll(() => engine.close());
beforeEach(async () => {
  for (const table of ['spikes', 'attempts']) await engine.run(`TRUNCATE TABLE ${table}`);
});

const id = (n: number): string => n.toString(16).padStart(16, '0');
const spike = (n: number, startedMs: number, extra: Partial<SpikeRecord> = {}): SpikeRecord =>
  record({ id: id(n), host: `h${n}`, startedMs, ...extra });
const closed = (n: number, startedMs: number): SpikeRecord => spike(n, startedMs, { state: 'closed', endedMs: startedMs + MINUTE });

it('a spike that is open is found however old it is, a closed one for 14 days', async () => {
  await saveSpikes(engine.client, [spike(1, NOW - 30 * DAY), spike(2, NOW - 30 * DAY), spike(3, NOW - DAY)], NOW - DAY);
  await saveSpikes(engine.client, [closed(2, NOW - 30 * DAY), closed(3, NOW - DAY)], NOW);
  const { kept } = await loadSpikes(engine.client, NOW);
  expect(kept.map((r) => [r.id, r.state])).toEqual([
    [id(3), 'closed'],
    [id(1), 'open'],
  ]);
}, 120_000);

it('where there are more spikes than asked for, merged ones take no place, and open ones come before newer closed ones', async () => {
  await saveSpikes(
    engine.client,
    [1, 2, 3].map((n) => closed(n, NOW - n * MINUTE)),
    NOW,
  );
  await saveSpikes(engine.client, [spike(4, NOW - 2 * DAY), spike(5, NOW)], NOW - MINUTE);
  await saveSpikes(engine.client, [spike(5, NOW, { state: 'merged', endedMs: NOW })], NOW);
  const rows = await ask(engine.client, storedSpikes, { from: NOW_S - 14 * 86_400, limit: 3 });
  expect(rows.map(({ spike_id }) => spike_id)).toEqual([1, 2, 4].map(id));
}, 120_000);

it('a collector lags as much as the rows of the last quarter of an hour in which it had any stored', async () => {
  // Stored so many seconds ago after so long a wait.
  const stored = (collector: string, agoS: number, waitedS: number, n: number) => ({
    ...attempts('AS3320/DE', NOW_S - agoS - waitedS, n, 10, 0),
    ...{ collector, received_at: NOW_S - agoS - waitedS, inserted_at: String(NOW_S - agoS) },
  });
  const rows = [
    ...[1, 2, 3].map((n) => stored('late', 7_200, 600, n)),
    ...[1, 2, 3].map((n) => stored('late', 9_000, 5, n)),
    ...[1, 2, 3].map((n) => stored('back', 7_200, 600, n)),
    ...[1, 2].map((n) => stored('back', 30, 4, n)),
  ];
  await engine.client.insert({ table: 'attempts', values: rows, format: 'JSONEachRow' });
  const lags = (recentAgoS: number) => ask(engine.client, collectorLags, { from: NOW_S - 86_400, recent: NOW_S - recentAgoS, to: NOW_S });
  expect(await lags(86_400)).toEqual([
    { collector: 'back', lag_s: 4, stored: NOW_S - 30 },
    { collector: 'late', lag_s: 600, stored: NOW_S - 7_200 },
  ]);
  expect(await lags(900)).toEqual([{ collector: 'back', lag_s: 4, stored: NOW_S - 30 }]);
}, 120_000);
