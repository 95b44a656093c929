/**
 * History out of storage, in the order in which storage had it: what the loop could have seen, when it could have seen it.
 *
 * A row is as late as its first inserted copy, which is the one that counts (ADR 0002). Signers are kept for 8 days: reports of before count
 * as a client each.
 */
import type { ClickHouseClient, Crowd } from '@outcry/storage';
import { ask, FROM_AGENTS, seconds } from '../queries/ask.js';
import type { Question } from '../queries/ask.js';
import { allServerCounters } from '../queries/all-server-counters.js';
import type { AllServerCountersRow } from '../queries/all-server-counters.js';
import { increments } from '../server-metrics/steps.js';
import type { AttemptsRow, FailuresRow, HistoryRow, HourRow, PlaceRow, ServerRow } from './rows.js';

export interface StoredSpan {
  /** The projects of production, with their hosts. */
  readonly projects: Readonly<Record<string, readonly string[]>>;
  /** Rounds are replayed in [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
}

const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;
/** As the loop looks back: days of hours, and bins. */
const LEARNT_S = 14 * DAY_S;
const LOOK_BACK_S = 27 * HOUR_S;
/** Rows read at once, at most about. */
const CHUNK_ROWS = 100_000;
/** The loop asks for attempts once a minute, and no more for those of half an hour ago. */
const ATTEMPTS_EVERY_S = 60;
const ATTEMPTS_AGAIN_S = 1_860;
const SHARES_EVERY_S = 600;
const FAILURE_SHARES_EVERY_S = 6 * HOUR_S;

interface Span extends Record<string, unknown> {
  /** By insertion, s: [from, to). */
  readonly from: number;
  readonly to: number;
  readonly projects: readonly string[];
}

const inserted = (time: string): string =>
  `${time} >= fromUnixTimestamp64Micro(toInt64({from:UInt32}) * 1000000, 'UTC') AND ${time} < fromUnixTimestamp64Micro(toInt64({to:UInt32}) * 1000000, 'UTC')`;
/** When storage had a row, in whole seconds. */
const HAD = `toUInt32(ceil(toUnixTimestamp64Micro(inserted_at) / 1000000))`;
/** Rows whose winning copy was inserted in the span: keys of any copy first, then these keys whole. */
const won = (table: 'reports' | 'attempts', cell: string): string => {
  const key = `sealed_day, project, ${cell}`;
  return `project IN {projects:Array(String)} AND ${inserted('inserted_at')}
      AND (${key}) IN (SELECT DISTINCT ${key} FROM ${table} WHERE project IN {projects:Array(String)} AND ${inserted('inserted_at')})`;
};

interface Failed extends Omit<FailuresRow, 'row' | 'crowd'> {
  readonly client: string;
  readonly crowd: Crowd;
}
const failures: Question<Span & { since: number }, Failed> = {
  sql: `
    SELECT toUInt32(event_time) AS at, ${HAD} AS arrived, toString(project) AS project, toString(host) AS host, toString(kind) AS kind, toString(type) AS type,
           toString(network) AS network, toString(country) AS country, toString(release) AS release, 1 AS clients, toUInt32(count) AS requests, weight,
           toString(signer) AS client, toString(crowd) AS crowd, toString(collector) AS collector
    FROM reports FINAL
    WHERE ${won('reports', 'toStartOfFiveMinutes(occurred_at)')}
      AND ${FROM_AGENTS} AND event_time >= toDateTime({since:UInt32}, 'UTC')
    ORDER BY arrived, at`,
};

const insertedPerHour: Question<{ from: number; to: number; projects: readonly string[] }, { hour: number; n: number }> = {
  sql: `
    SELECT toUInt32(toStartOfHour(inserted_at)) AS hour, toUInt32(count()) AS n
    FROM reports
    WHERE project IN {projects:Array(String)} AND ${inserted('inserted_at')}
    GROUP BY hour
    ORDER BY hour`,
};

interface Made {
  readonly project: string;
  readonly host: string;
  readonly at: number;
  readonly arrived: number;
  readonly made: number;
  readonly failed: number;
}
/** What came in addition within each minute, by bin of five minutes. */
const attempts: Question<Span & { since: number }, Made> = {
  sql: `
    SELECT toString(project) AS project, toString(host) AS host, toUInt32(toStartOfFiveMinutes(event_time)) AS at,
           toUInt32(ceil(toUnixTimestamp64Micro(inserted_at) / ${ATTEMPTS_EVERY_S}000000)) * ${ATTEMPTS_EVERY_S} AS arrived,
           toFloat64(sum(attempts.made * weight)) AS made, toFloat64(sum(attempts.failed * weight)) AS failed
    FROM attempts FINAL
    WHERE ${won('attempts', 'bin_start')} AND ${FROM_AGENTS} AND event_time >= toDateTime({since:UInt32}, 'UTC')
    GROUP BY project, host, at, arrived
    ORDER BY arrived`,
};

const attemptPlaces: Question<Span, Omit<PlaceRow, 'row'>> = {
  sql: `
    SELECT toString(project) AS project, toString(network) AS network, toString(country) AS country, toString(release) AS release,
           toUInt32(ceil(toUnixTimestamp64Micro(inserted_at) / ${SHARES_EVERY_S}000000)) * ${SHARES_EVERY_S} AS arrived, toFloat64(sum(attempts.made * weight)) AS clients
    FROM attempts FINAL
    WHERE ${won('attempts', 'bin_start')} AND ${FROM_AGENTS}
    GROUP BY project, network, country, release, arrived
    ORDER BY arrived`,
};

/** Where clients failed, of projects without attempts in the six hours before. */
const failurePlaces: Question<{ at: number; projects: readonly string[] }, Omit<PlaceRow, 'row' | 'arrived'>> = {
  sql: `
    SELECT toString(project) AS project, toString(network) AS network, toString(country) AS country, toString(release) AS release, toFloat64(sum(signers)) AS clients
    FROM rollup_1h FINAL
    WHERE clock = 'event' AND project IN {projects:Array(String)} AND bucket >= toDateTime({at:UInt32} - ${LEARNT_S}, 'UTC') AND bucket < toDateTime({at:UInt32}, 'UTC') AND ${FROM_AGENTS}
      AND project NOT IN (
        SELECT DISTINCT project FROM attempts
        WHERE event_time >= toDateTime({at:UInt32} - ${FAILURE_SHARES_EVERY_S}, 'UTC') AND event_time < toDateTime({at:UInt32}, 'UTC') AND ${FROM_AGENTS}
      )
    GROUP BY project, network, country, release`,
};

const hours: Question<{ from: number; to: number; projects: readonly string[] }, Omit<HourRow, 'row' | 'arrived'>> = {
  sql: `
    SELECT toString(project) AS project, toString(host) AS host, toString(kind) AS kind, toUInt32(bucket) AS at, toFloat64(sum(counted)) AS clients
    FROM series_1h FINAL
    WHERE clock = 'event' AND project IN {projects:Array(String)} AND ${FROM_AGENTS}
      AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC')
    GROUP BY project, host, kind, bucket`,
};

/**
 * The rows of a span for `backtest`, the world first: what was known when it began (14 days of hours and load, 27 h of failures), then every
 * row as storage got it.
 *
 * @param client - Storage with its schema up to date and its rollups refreshed.
 * @yields Rows by arrival. Rejects with the client's error when storage is away.
 */
export async function* storedHistory(client: ClickHouseClient, { projects, fromMs, toMs }: StoredSpan): AsyncGenerator<HistoryRow> {
  const from = seconds(fromMs);
  const to = seconds(toMs);
  const names = Object.keys(projects);
  yield { row: 'world', version: 1, seed: null, from, to, projects };
  const learntTo = Math.floor((from - LOOK_BACK_S) / HOUR_S) * HOUR_S;
  for (const hour of await ask(client, hours, { from: from - LEARNT_S, to: learntTo, projects: names }))
    yield { row: 'hour', arrived: from, ...hour };
  const totals = new Map<string, AttemptsRow>();
  for (const span of await spansOf(client, { from: from - LEARNT_S, to: from, projects: names })) {
    for (const row of added(totals, await ask(client, attempts, { ...span, since: from - LEARNT_S }))) yield row;
    if (span.to > from - FAILURE_SHARES_EVERY_S)
      for (const place of await ask(client, attemptPlaces, { ...span, from: Math.max(span.from, from - FAILURE_SHARES_EVERY_S) }))
        yield { row: 'place', ...place, arrived: Math.min(place.arrived, from) };
    // Bins that fill later are older than any look-back.
    if (span.to > learntTo) for (const row of await ask(client, failures, { ...span, since: learntTo })) yield failuresRow(row, from);
  }
  for (const row of await serverRows(client, projects, from - LOOK_BACK_S, from)) yield { ...row, arrived: Math.min(row.arrived, from) };

  let sharesAt = from;
  for (const span of await spansOf(client, { from, to, projects: names })) {
    const rows: HistoryRow[] = [];
    for (; sharesAt < span.to; sharesAt += FAILURE_SHARES_EVERY_S)
      for (const place of await ask(client, failurePlaces, { at: sharesAt, projects: names }))
        rows.push({ row: 'place', arrived: sharesAt, ...place });
    for (const place of await ask(client, attemptPlaces, span)) rows.push({ row: 'place', ...place });
    const recent = (await ask(client, attempts, { ...span, since: from - ATTEMPTS_AGAIN_S })).filter(
      (r) => r.arrived - r.at <= ATTEMPTS_AGAIN_S,
    );
    rows.push(...added(totals, recent));
    rows.push(...(await serverRows(client, projects, span.from, span.to)));
    for (const row of await ask(client, failures, { ...span, since: learntTo })) rows.push(failuresRow(row));
    yield* rows
      .map((row, i) => ({ row, i }))
      .sort((a, b) => arrivedOf(a.row) - arrivedOf(b.row) || a.i - b.i)
      .map(({ row }) => row);
  }
}

const arrivedOf = (row: HistoryRow): number => ('arrived' in row ? row.arrived : 0);

function failuresRow({ client, crowd, ...row }: Failed, latest: number = Infinity): FailuresRow {
  const arrived = Math.min(row.arrived, latest);
  return { row: 'failures', ...row, arrived, ...(client !== '0' && { client }), ...(crowd !== '' && { crowd }) };
}

/** Cuts a span at whole hours so that each part has about as many reports as can be held. */
async function spansOf(client: ClickHouseClient, whole: Span): Promise<Span[]> {
  const counts = await ask(client, insertedPerHour, { from: whole.from, to: whole.to, projects: whole.projects });
  const spans: Span[] = [];
  let { from } = whole;
  let held = 0;
  for (const { hour, n } of counts) {
    if (held > 0 && held + n > CHUNK_ROWS && hour > from) {
      spans.push({ ...whole, from, to: hour });
      from = hour;
      held = 0;
    }
    held += n;
  }
  return [...spans, { ...whole, from }];
}

/** Rows that replace each other: the attempts of five minutes as far as they had arrived. */
function added(totals: Map<string, AttemptsRow>, rows: readonly Made[]): AttemptsRow[] {
  return rows.map(({ project, host, at, arrived, made, failed }) => {
    const key = `${project}\u0000${host}\u0000${String(at)}`;
    const known = totals.get(key);
    const row: AttemptsRow = {
      row: 'attempts',
      at,
      arrived,
      project,
      host,
      made: (known?.made ?? 0) + made,
      failed: (known?.failed ?? 0) + failed,
    };
    totals.set(key, row);
    return row;
  });
}

/** Requests that the servers counted, in steps of their samples. */
async function serverRows(client: ClickHouseClient, projects: StoredSpan['projects'], from: number, to: number): Promise<ServerRow[]> {
  const rows: ServerRow[] = [];
  // One sample more at the start: a step needs two.
  const counters = await ask(client, allServerCounters, { from: from - 120, to });
  const byHost = new Map<string, AllServerCountersRow[]>();
  for (const row of counters) {
    if (projects[row.project]?.includes(row.host) !== true) continue;
    const key = `${row.project}\u0000${row.host}`;
    const own = byHost.get(key) ?? [];
    byHost.set(key, own);
    own.push(row);
  }
  for (const own of byHost.values()) {
    const { project = '', host = '' } = own[0] ?? {};
    for (const { atMs, spanMs, requests, errors } of increments(own)) {
      const at = Math.round(atMs / 1000);
      if (at >= from) rows.push({ row: 'server', at, arrived: at, project, host, requests, errors, seconds: spanMs / 1000 });
    }
  }
  return rows;
}
