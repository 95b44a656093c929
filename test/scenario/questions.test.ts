/**
 * Questions about a stretch of time read only the keys that rows of the stretch lie under. Against the same questions over the whole table,
 * on rows whose clocks were wrong, late or unbelieved, with copies from a second collector that placed them otherwise.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '@outcry/storage';
import { ask } from '../../analyzer/src/queries/ask.js';
import type { Question } from '../../analyzer/src/queries/ask.js';
import { attemptsOfPlace } from '../../analyzer/src/queries/attempts-of-place.js';
import { clientsByDimension } from '../../analyzer/src/queries/clients-by-dimension.js';
import { clientsByKind } from '../../analyzer/src/queries/clients-by-kind.js';
import { clientsOfSpike } from '../../analyzer/src/queries/clients-of-spike.js';
import { clientsOfPlace } from '../../analyzer/src/queries/clients-of-place.js';
import { failureCells } from '../../analyzer/src/queries/failure-cells.js';
import { EVERYWHERE } from '../../analyzer/src/queries/in-places.js';
import { nelByType } from '../../analyzer/src/queries/nel-by-type.js';
import { within } from '../../analyzer/src/queries/within.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';

const DAY_S = 86_400;
/** The middle of a UTC day 12 days ago. */
const NOON = (Math.floor(Date.now() / 1000 / DAY_S) - 12) * DAY_S + DAY_S / 2;
const ROWS = 40_000;
let open: OpenStorage;

/** Events of three days around noon; devices' clocks off by up to 8 days either way; sealed on any day that a collector takes. */
const events = (copy: number, id: string): string => `
  SELECT number AS n, cityHash64(n, 1) AS h, ${NOON} + toInt64(h % ${3 * DAY_S}) - ${1.5 * DAY_S} AS happened,
         ${copy} * toInt64(cityHash64(n, 2) % 2 * 7200) + happened AS event,
         toInt64(event + multiIf(n % 10 = 0, cityHash64(n, 3) % ${8 * DAY_S}, n % 10 = 1, -toInt64(cityHash64(n, 3) % ${8 * DAY_S}), 0)) AS device,
         toUInt16(intDiv(if(n % 7 = 0, device + ${DAY_S}, device), ${DAY_S})) AS sealed, cityHash64(n, '${id}') AS id
  FROM numbers(${ROWS}) WHERE ${copy} = 0 OR n % 3 = 0`;
const PLACE = `concat('AS', toString(h % 5), '/DE') AS network, 'DE' AS country, h % 700 + 1 AS signer, 1 AS weight`;

const reports = (copy: number): string => `
  INSERT INTO reports (source, project, release, runtime, os, host, route, type, kind, occurred_at, count, received_at, collector, sealed_day, event_time,
    time_trust, network, country, signer, weight, report_id, inserted_at)
  SELECT if(h % 6 = 0, 'nel', 'sdk-node'), ['shop', 'bank'][1 + h % 2], concat('4.', toString(h % 3)), 'node', 'linux',
    ['api.shop.example', 'img.shop.example'][1 + intDiv(h, 2) % 2], '', ['tcp.timed_out', 'abandoned'][1 + intDiv(h, 4) % 2], ['routing', 'timeout'][1 + intDiv(h, 4) % 2],
    toDateTime(device, 'UTC'), 1 + h % 3, toDateTime(event + 20, 'UTC'), 'c${copy}', sealed, toDateTime(event, 'UTC'), 'corrected', ${PLACE}, id,
    toDateTime64(event + ${20 - copy * 2} + h % 3, 6, 'UTC')
  FROM (${events(copy, 'report')})`;
const attempts = (copy: number): string => `
  INSERT INTO attempts (source, project, release, runtime, os, host, bin_start, made, failed, received_at, collector, sealed_day, event_time, time_trust,
    network, country, signer, weight, attempt_id, inserted_at)
  SELECT 'sdk-node', ['shop', 'bank'][1 + h % 2], '4.2', 'node', 'linux', ['api.shop.example', 'img.shop.example'][1 + intDiv(h, 2) % 2],
    toDateTime(intDiv(device, 300) * 300, 'UTC'), 12, h % 2, toDateTime(event + 20, 'UTC'), 'c${copy}', sealed, toDateTime(event, 'UTC'), 'corrected', ${PLACE}, id,
    toDateTime64(event + ${20 - copy * 2} + h % 3, 6, 'UTC')
  FROM (${events(copy, 'attempt')})`;

beforeAll(async () => {
  await buildStorage();
  open = await openStorage();
  await migrate(open.client);
  for (const copy of [0, 1]) {
    await open.run(reports(copy));
    await open.run(attempts(copy));
  }
});
afterAll(() => open.close());

const subject = { project: 'shop', host: 'api.shop.example', kind: 'routing', network: '', country: '', release: '', ...EVERYWHERE };
const stretch = { before: NOON - 3_600, start: NOON, from: NOON, to: NOON + 1_800, width: 1_800 };
const ways = [
  ['reports', 'from', 'to'],
  ['reports', 'before', 'to'],
  ['reports', 'start', 'to'],
  ['attempts', 'before', 'to'],
] as const;

/** The question with each narrowed condition in its plain form: every row of the table is read and merged. */
function plain<P extends Record<string, unknown>, R>(question: Question<P, R>): Question<P, R> {
  let { sql } = question;
  for (const [table, from, to] of ways) {
    const happened = `event_time >= toDateTime({${from}:UInt32}, 'UTC') AND event_time < toDateTime({${to}:UInt32}, 'UTC')`;
    sql = sql.replaceAll(within(table, from, to), `project = {project:String} AND ${happened}`);
  }
  if (sql === question.sql) throw new Error('the question is not narrowed');
  return { sql };
}
const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

describe('a question about a stretch', () => {
  it.each([
    ['clientsByDimension', clientsByDimension, { from: NOON - 600, to: NOON }],
    ['clientsByDimension', clientsByDimension, { from: NOON - DAY_S, to: NOON }],
    ['clientsOfPlace', clientsOfPlace, { from: NOON - 3_600, to: NOON }],
    ['clientsOfSpike', clientsOfSpike, { start: NOON - DAY_S, to: NOON }],
    ['clientsByKind', clientsByKind, stretch],
    ['failureCells', failureCells, stretch],
    ['nelByType', nelByType, { ...stretch, masking: ['abandoned'] }],
    ['attemptsOfPlace', attemptsOfPlace, stretch],
  ] as const)('answers %s as if it had read the whole table', async (_name, question, params) => {
    const narrowed = question as unknown as Question<Record<string, unknown>, object>;
    const asked = { ...subject, ...params };
    const rows = await ask(open.client, narrowed, asked);
    expect(rows.length).toBeGreaterThan(0);
    // Without any setting of ours: every copy is read and merged before anything is left out.
    const whole = await open.client.query({
      query: plain(narrowed).sql,
      query_params: asked,
      format: 'JSONEachRow',
      clickhouse_settings: { use_skip_indexes_if_final: 0, optimize_move_to_prewhere_if_final: 0 },
    });
    expect(sorted(rows)).toEqual(sorted(await whole.json<object>()));
  });
});
