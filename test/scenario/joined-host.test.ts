/** Rounds of the analyzer over the real engine: a host that joins a project that is long known. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { insertRows, migrate, type ReportRow } from '@outcry/storage';
import { Known } from '../../analyzer/src/watch/known.js';
import { runRound } from '../../analyzer/src/watch/round.js';
import type { RoundResult } from '../../analyzer/src/watch/round.js';
import { attempts, client, failure, floor10, HOST, NETWORKS, quietAttempts, quietFailures } from './outage-rows.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';

const T0 = Math.floor(Date.now() / 300_000) * 300;
const JOINED = T0 - 1_200;
const [NEW, QUIET] = ['api2.shop.example', 'api3.shop.example'];
let db: OpenStorage;

/** From `since` on a client of some network fails every ten seconds. */
const failures = (host: string, since: number): ReportRow[] =>
  Array.from({ length: Math.floor((T0 - since) / 10) }, (_, i) => {
    const network = NETWORKS[i % NETWORKS.length] ?? '';
    return failure(network, floor10(since + 10 * i), client(network, i % 100), { host });
  });
const round = (known: Known): Promise<RoundResult> =>
  runRound(
    {
      client: db.client,
      projects: { shop: { hosts: [HOST, NEW, QUIET], stage: 'production' } },
      serverMetrics: [],
      now: () => (T0 + 5) * 1000,
    },
    known,
  );

beforeAll(async () => {
  await buildStorage();
  db = await openStorage();
  await migrate(db.client);
  await insertRows(db.client, 'reports', quietFailures(T0), 'quiet');
  await insertRows(db.client, 'attempts', quietAttempts(T0), 'attempts');
});
afterAll(async () => db?.close());

it('is learning at first, and so is one of which nobody tells requests yet; neither is a spike for what is usual there', async () => {
  await insertRows(db.client, 'reports', failures(NEW, JOINED), 'new');
  const requests = [0, 300].flatMap((later) =>
    NETWORKS.map((network) => ({ ...attempts(network, JOINED + later, client(network, 1), 3_000, 1), host: NEW })),
  );
  await insertRows(db.client, 'attempts', requests, 'attempts-new');
  await insertRows(db.client, 'reports', failures(QUIET, T0 - 900), 'unknown');
  const { spikes, wholes, joinedMs, heardMs } = await round(new Known());
  expect(spikes).toEqual([]);
  const starts = [...wholes.values()].map(({ host, series }) => [host, series.startMs / 1000]);
  expect(Object.fromEntries(starts)).toMatchObject({ [NEW]: JOINED, [QUIET]: T0 - 900 });
  expect([joinedMs('shop', NEW), joinedMs('shop', QUIET)]).toEqual([JOINED * 1000, (T0 - 900) * 1000]);
  expect(heardMs.get('shop')).toBeLessThan((T0 - 7_000) * 1000);
});

it('is judged like any other of the project once half an hour is over, also where only failures are known of it', async () => {
  await insertRows(db.client, 'reports', failures(QUIET, T0 - 1_900), 'longer');
  const { spikes } = await round(new Known());
  expect(spikes.map(({ host, kind }) => [host, kind])).toEqual([[QUIET, 'timeout']]);
});
