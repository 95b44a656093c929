/** What is asked about the places of a spike is asked of these places, be they networks, countries, releases or several of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertRows, migrate, type ReportRow, type RowTable } from '@outcry/storage';
import { ask } from '../../analyzer/src/queries/ask.js';
import { attemptsOfPlace } from '../../analyzer/src/queries/attempts-of-place.js';
import { clientsByKind } from '../../analyzer/src/queries/clients-by-kind.js';
import { EVERYWHERE, placesOf } from '../../analyzer/src/queries/in-places.js';
import { nelByType } from '../../analyzer/src/queries/nel-by-type.js';
import { pathOfPlace } from '../../analyzer/src/queries/path-of-place.js';
import { attemptRow, deliveryRow, reportRow } from './storage-rows.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';

/** A spike of ten minutes beside the six before it, from a whole five minutes on. */
const START = Math.floor(Date.now() / 300_000) * 300 - 1_200;
const STRETCH = { before: START - 3_600, start: START, from: START, to: START + 600, width: 600 };
const SUBJECT = { project: 'shop', host: 'api.shop.example' };
const CELLS = [
  { network: 'AS1/DE', country: 'DE', release: '1.0' },
  { network: 'AS2/DE', country: 'DE', release: '2.0' },
  { network: 'AS3/FR', country: 'FR', release: '2.0' },
  { network: "AS4/O'", country: "O'", release: '3.0' },
] as const;
let open: OpenStorage;
let nextId = 10;

const id = (): string => String(nextId++);
const at = (time: number): { event_time: number; received_at: number; sealed_day: number } => ({
  event_time: time,
  received_at: time + 10,
  sealed_day: Math.floor(time / 86_400),
});
const report = (time: number, change: Partial<ReportRow>): ReportRow =>
  reportRow({ occurred_at: time, ...at(time), signer: id(), report_id: id(), ...change });
const put = (table: RowTable, rows: readonly object[]): Promise<void> => insertRows(open.client, table, rows as never, `${table}-${id()}`);
/** A browser by its number in a run of a collector. */
const browser = (run: bigint, n: number): string => String((run << 48n) + BigInt(n));
const nel = (time: number, signer: string, change: Partial<ReportRow> = {}): ReportRow =>
  report(time, { ...CELLS[0], release: 'unknown', source: 'nel', type: 'tcp.timed_out', signer, ...change });

beforeAll(async () => {
  await buildStorage();
  open = await openStorage();
  await migrate(open.client);
  // In the cells 1, 2, 4 and 8 clients are offline now; one of each was in each stretch before.
  const offline = { kind: 'offline', type: 'client.uplink_dead' } as const;
  await put(
    'reports',
    CELLS.flatMap((cell, i) => [
      ...Array.from({ length: 2 ** i }, () => report(START + 60, { ...cell, ...offline })),
      ...Array.from({ length: 6 }, (_, n) => report(START - 600 * n - 300, { ...cell, ...offline, signer: String(i + 1) })),
    ]),
  );
  await put(
    'attempts',
    CELLS.flatMap((cell, i) =>
      [START, START - 300].map((bin) => attemptRow({ bin_start: bin, ...at(bin), ...cell, made: 100, failed: bin === START ? 2 ** i : 0, signer: id(), attempt_id: id() })),
    ),
  ); // prettier-ignore
  await put(
    'deliveries',
    CELLS.flatMap((cell, i) =>
      Array.from({ length: 2 ** i }, () => ({ ...deliveryRow(), ...cell, sent_at: START + 60, received_at: START + 70, sealed_day: Math.floor(START / 86_400), delivery_id: id() })),
    ),
  ); // prettier-ignore
  // The same three browsers in every stretch, before and now; halfway to the spike the collector was restarted and numbers them anew.
  await put('reports', [
    ...Array.from({ length: 6 }, (_, n) => [1, 2, 3].map((b) => nel(START - 600 * n - 300, browser(n < 3 ? 8n : 7n, b)))).flat(),
    ...[1, 2, 3].map((b) => nel(START + 60, browser(8n, b))),
    nel(START + 60, browser(8n, 4), { type: 'abandoned' }),
    nel(START + 60, browser(8n, 5), { network: CELLS[2].network, country: CELLS[2].country }),
  ]);
});
afterAll(() => open.close());

const EVERY_WHERE: [string, readonly Partial<(typeof CELLS)[number]>[], number][] = [
  ['everywhere', [], 1 + 2 + 4 + 8],
  ['a network', [{ network: 'AS2/DE' }], 2],
  ['a country', [{ country: 'DE' }], 1 + 2],
  ['a release', [{ release: '2.0' }], 2 + 4],
  ['a release in a country', [{ country: 'DE', release: '2.0' }], 2],
  ['several networks', [{ network: 'AS1/DE' }, { network: 'AS3/FR' }], 1 + 4],
  ['places that overlap, each row once', [{ country: 'DE' }, { release: '2.0' }], 1 + 2 + 4],
  ['a place with a quote in its name', [{ network: "AS4/O'" }], 8],
];

describe('what is asked about the places of a spike', () => {
  it.each(EVERY_WHERE)('is asked of %s', async (_name, wheres, inside) => {
    const places = placesOf(wheres);
    const cells = Math.max(1, [1, 2, 4, 8].filter((n) => (inside & n) !== 0).length);
    const kinds = await ask(open.client, clientsByKind, { ...SUBJECT, ...places, ...STRETCH });
    expect(kinds.find((r) => r.kind === 'offline' && r.type === '')).toMatchObject({
      now: inside,
      counted: inside,
      countedBefore: 6 * cells,
    });
    expect(await ask(open.client, attemptsOfPlace, { ...SUBJECT, ...places, ...STRETCH })).toEqual([
      { made: 100 * cells, failed: inside, made_before: 100 * cells, failed_before: 0 },
    ]);
    expect(await ask(open.client, pathOfPlace, { project: 'shop', ...places, ...STRETCH })).toMatchObject([{ told: inside }]);
  });
});

describe("browsers' own reports", () => {
  const asked = async (places = EVERYWHERE): Promise<unknown> =>
    (await ask(open.client, nelByType, { ...SUBJECT, masking: ['abandoned'], ...places, ...STRETCH })).find(({ type }) => type === '');

  it('are counted in each stretch before a spike as in it, so that the same browsers again are no rise', async () => {
    expect(await asked(placesOf([{ country: 'DE' }]))).toEqual({ type: '', now: 3, before: 6 * 3 });
  });

  it('are of the places that are asked for, and of no release, which they do not tell', async () => {
    expect(await asked()).toMatchObject({ now: 4 });
    expect(await asked(placesOf([{ network: 'AS3/FR' }]))).toMatchObject({ now: 1, before: 0 });
    expect(await asked(placesOf([{ release: '2.0' }]))).toBeUndefined();
  });
});
