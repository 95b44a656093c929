/** Reports that one attacker makes up, and as many honest ones, in one round of the analyzer over the real engine. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { insertRows, migrate, type ReportRow } from '@outcry/storage';
import { crowds } from '@outcry/collector';
import { Known } from '../../analyzer/src/watch/known.js';
import { ask } from '../../analyzer/src/queries/ask.js';
import { probersOfHost } from '../../analyzer/src/queries/probers-of-host.js';
import { runRound } from '../../analyzer/src/watch/round.js';
import { failure, HOST, quietAttempts, quietFailures } from './outage-rows.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';

const T0 = Math.floor(Date.now() / 60_000) * 60 - 60;
const CLIENTS = 400;
const COLLECTORS = ['c1', 'c2'];

let db: OpenStorage;
beforeAll(async () => {
  await buildStorage();
  db = await openStorage();
  await migrate(db.client);
  await insertRows(db.client, 'reports', quietFailures(T0), 'quiet');
  await insertRows(db.client, 'attempts', quietAttempts(T0), 'attempts');
});
afterAll(async () => db?.close());

/** In one minute many clients of one network fail, each with a key of its own, spread over so many address prefixes and two collectors. */
function minute(kind: 'tls' | 'dns', prefixes: number, firstKey: number): ReportRow[] {
  const rank = new Map(COLLECTORS.map((collector) => [collector, crowds(10_000)]));
  return Array.from({ length: CLIENTS }, (_, i) => {
    const collector = COLLECTORS[i % COLLECTORS.length] ?? '';
    const sender = { prefixKey: String(Math.floor(i / COLLECTORS.length) % prefixes), isPrivate: false };
    const at = T0 + Math.floor((i / CLIENTS) * 60);
    const crowd = rank.get(collector)?.(sender, 'shop', [HOST], BigInt(i + 1), at * 1000) ?? '';
    return failure('AS3320/DE', Math.floor(at / 10) * 10, firstKey + i, { kind, type: `${kind}.failed`, collector, crowd });
  });
}

it('tells the outage that many prefixes report, with all of its clients, and not the one of three prefixes with as many keys', async () => {
  await insertRows(db.client, 'reports', minute('tls', 3, 10_000), 'fakes');
  await insertRows(db.client, 'reports', minute('dns', 60, 20_000), 'honest');
  const { spikes } = await runRound(
    {
      client: db.client,
      projects: { shop: { hosts: [HOST], stage: 'production' } },
      serverMetrics: [],
      now: () => (T0 + 90) * 1000,
    },
    new Known(),
  );
  expect(spikes.map(({ kind, document }) => [kind, document.clientsInPlace, document.places.map(({ where }) => where)])).toEqual([
    ['dns', CLIENTS, [{ network: 'AS3320/DE' }]],
  ]);
  // All of both are there to be looked at.
  const rows = await db.ask('SELECT kind, toUInt32(max(signers)) AS most, toUInt32(max(counted)) AS counted FROM rollup_1m FINAL WHERE clock = \'event\' AND kind IN (\'dns\', \'tls\') GROUP BY kind ORDER BY kind'); // prettier-ignore
  expect(rows).toEqual([
    { kind: 'dns', most: CLIENTS, counted: 60 * 2 * 3 },
    { kind: 'tls', most: CLIENTS, counted: 3 * 2 * 3 },
  ]);
});

it('tells of failing probers by how many address prefixes and collectors stand behind them', async () => {
  const from = T0 + 60;
  const probe = (n: number, parts: Partial<ReportRow>): ReportRow =>
    failure('AS64500/FR', from + 10, 30_000 + n, { source: 'probe', ...parts });
  await insertRows(
    db.client,
    'reports',
    [
      probe(1, { crowd: 'first', collector: 'c1' }),
      probe(2, { crowd: 'few', collector: 'c1' }),
      probe(3, { crowd: 'first', collector: 'c2' }),
      probe(4, { crowd: 'many', collector: 'c2' }),
      probe(5, { crowd: '' }),
    ],
    'probers',
  );
  const [row] = await ask(db.client, probersOfHost, { project: 'shop', host: HOST, except: '', before: from - 600, from, to: from + 60 });
  expect(row).toMatchObject({ now: 5, failing: 5, before: 0, failing_before: 0, unranked: 1 });
  expect([...(row?.firsts ?? [])].sort()).toEqual(['c1', 'c2']);
});
