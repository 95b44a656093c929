/** Whether failures come together, as asked of storage. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { insertRows, migrate, refreshRollups } from '@outcry/storage';
import { ask } from '../../analyzer/src/queries/ask.js';
import { burstsPerHour } from '../../analyzer/src/queries/bursts-per-hour.js';
import { reportRow } from './storage-rows.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';

/** A whole hour that is over. */
const HOUR_S = Math.floor(Date.now() / 3_600_000) * 3_600 - 7_200;
let open: OpenStorage;

beforeAll(async () => {
  await buildStorage();
  open = await openStorage();
  await migrate(open.client);
});
afterAll(() => open.close());

it('a network counts once an hour, a client once a minute, and pairs are of all clients of a minute', async () => {
  let id = 1;
  const row = (second: number, network: string, signer: number, change: object = {}) => {
    const time = HOUR_S + second;
    return reportRow({ event_time: time, received_at: time + 5, sealed_day: Math.floor(time / 86_400), network, signer: String(signer), report_id: String(id++), ...change });
  }; // prettier-ignore
  await insertRows(
    open.client,
    'reports',
    [
      row(0, 'AS1/DE', 1),
      row(15, 'AS1/DE', 2),
      row(30, 'AS2/DE', 3),
      // Again in one hour; one client twice; in the next hour; of another kind; made up by one prefix.
      row(600, 'AS1/DE', 4),
      row(605, 'AS1/DE', 5),
      row(1_200, 'AS3/DE', 6),
      row(1_210, 'AS3/DE', 6),
      row(3_610, 'AS1/DE', 7),
      row(1_205, 'AS1/DE', 8, { kind: 'dns', type: 'dns.name_not_resolved' }),
      row(1_800, 'AS4/DE', 9),
      row(1_805, 'AS4/DE', 10, { crowd: 'many' }),
    ],
    'bursts',
  );
  await refreshRollups(open.client, { nowMs: Date.now() });
  const found = await ask(open.client, burstsPerHour, { from: HOUR_S, to: HOUR_S + 7_200 });
  const of = { project: 'shop', host: 'api.shop.example' };
  expect(found.sort((a, b) => a.kind.localeCompare(b.kind) || a.hour - b.hour)).toEqual([
    { ...of, kind: 'dns', hour: HOUR_S, failures: 1, pairs: 0, bursts: 0 },
    { ...of, kind: 'routing', hour: HOUR_S, failures: 7, pairs: 4, bursts: 1 },
    { ...of, kind: 'routing', hour: HOUR_S + 3_600, failures: 1, pairs: 0, bursts: 0 },
  ]);
});
