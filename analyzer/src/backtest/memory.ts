/**
 * What has arrived so far, answering the analyzer's own questions as ClickHouse would. Clients of different lines are counted as different,
 * where storage counts distinct signers; attempts are known of whole hosts, and of those networks that the history tells of.
 */
import type { ClickHouseClient } from '@outcry/storage';
import { attemptsOfPlace } from '../queries/attempts-of-place.js';
import { clientsByKind } from '../queries/clients-by-kind.js';
import type { ClientsByKindRow } from '../queries/clients-by-kind.js';
import { clientsOfPlace } from '../queries/clients-of-place.js';
import { clientsOfSpike } from '../queries/clients-of-spike.js';
import { crowdCells } from '../queries/crowd-cells.js';
import type { CrowdCellRow } from '../queries/crowd-cells.js';
import { failureCells } from '../queries/failure-cells.js';
import type { FailureCellRow } from '../queries/failure-cells.js';
import { isInPlaces } from '../queries/in-places.js';
import type { Places } from '../queries/in-places.js';
import { knownPlaces } from '../queries/known-places.js';
import { markersBetween } from '../queries/markers-between.js';
import { nelByType } from '../queries/nel-by-type.js';
import { probersOfHost } from '../queries/probers-of-host.js';
import { pathOfPlace } from '../queries/path-of-place.js';
import { serverCounters } from '../queries/server-counters.js';
import type { ServerCounterRow } from '../queries/server-counters.js';
import { storedName } from '../server-metrics/stored-name.js';
import type { AttemptsRow, FailuresRow, PlaceRow, ServerRow } from './rows.js';

type Params = Readonly<Record<string, string | number | readonly string[]>>;
type Answer = (params: Params) => unknown[];

/** The longest that a question looks back: six hours of a spike beside the six before it. */
const HOUR_S = 3_600;
const KEPT_S = 13 * HOUR_S;
const LONGEST_KEPT_S = 27 * HOUR_S;
const DAY_S = 86_400;
const MOST_PLACES = 20_000;
const TRIM_AFTER = 4_096;

interface OfHost {
  failures: FailuresRow[];
  attempts: AttemptsRow[];
  counters: ServerCounterRow[][];
  requests: number;
  errors: number;
}

export class Memory {
  readonly #hosts = new Map<string, OfHost>();
  readonly #hostsOf = new Map<string, string[]>();
  readonly #places = new Map<string, PlaceRow[]>();
  /** Places known in the day before an hour. */
  readonly #known = new Map<string, { readonly hour: number; readonly recentHour: number; readonly rows: unknown[] }>();
  readonly #answers: ReadonlyMap<string, Answer>;

  constructor() {
    this.#answers = new Map<string, Answer>([
      [failureCells.sql, (p) => this.#failureCells(p)],
      [crowdCells.sql, (p) => this.#crowdCells(p)],
      [markersBetween.sql, () => []],
      [nelByType.sql, () => []],
      [pathOfPlace.sql, () => []],
      [probersOfHost.sql, () => []],
      [knownPlaces.sql, (p) => this.#knownPlaces(p)],
      [clientsByKind.sql, (p) => this.#clientsByKind(p)],
      [clientsOfPlace.sql, (p) => this.#clientsOfPlace(p)],
      [clientsOfSpike.sql, (p) => this.#clientsOfSpike(p)],
      [attemptsOfPlace.sql, (p) => this.#attemptsOfPlace(p)],
      [serverCounters.sql, (p) => this.#serverCounters(p)],
    ]);
  }

  /** A client that answers the questions of an investigation from memory; any other question rejects. */
  get client(): ClickHouseClient {
    const query = ({
      query: sql,
      query_params: params = {},
    }: {
      query: string;
      query_params?: Record<string, unknown>;
    }): Promise<unknown> => {
      const answer = this.#answers.get(sql);
      if (answer === undefined) return Promise.reject(new Error('a backtest cannot answer this question'));
      const rows = answer(params as Params);
      return Promise.resolve({ json: () => Promise.resolve(rows) });
    };
    // Only `query` of the client is used by an investigation.
    return { query } as unknown as ClickHouseClient;
  }

  take(row: FailuresRow | AttemptsRow | ServerRow | PlaceRow): void {
    if (row.row === 'place') {
      const places = this.#places.get(row.project) ?? [];
      this.#places.set(row.project, places);
      places.push(row);
      return;
    }
    const host = this.#of(row.project, row.host);
    if (row.row === 'failures') host.failures = trimmed(host.failures, row, row.arrived - KEPT_S, (r) => r.arrived);
    else if (row.row === 'attempts') {
      // One of the same five minutes holds what the earlier one held, and what has come since.
      const known = host.attempts.findLastIndex((r) => r.at === row.at && r.network === row.network);
      if (known >= 0) host.attempts[known] = row;
      else host.attempts = trimmed(host.attempts, row, row.arrived - LONGEST_KEPT_S, (r) => r.arrived);
    } else {
      host.requests += row.requests;
      host.errors += row.errors;
      const counters = [
        { name: storedName('requests', '2xx'), time: row.at, value: host.requests - host.errors },
        { name: storedName('requests', '5xx'), time: row.at, value: host.errors },
      ];
      host.counters = trimmed(host.counters, counters, row.at - LONGEST_KEPT_S, (r) => r[0]?.time ?? 0);
    }
  }

  #of(project: unknown, host: unknown): OfHost {
    const key = `${String(project)}\u0000${String(host)}`;
    const met = this.#hosts.get(key);
    if (met === undefined) this.#hostsOf.set(String(project), [...(this.#hostsOf.get(String(project)) ?? []), String(host)]);
    const known = met ?? { failures: [], attempts: [], counters: [], requests: 0, errors: 0 };
    this.#hosts.set(key, known);
    return known;
  }

  /** What arrived since `from`: nothing arrives before it happens. */
  #failures(p: Params, from: number): FailuresRow[] {
    const { failures } = this.#of(p['project'], p['host']);
    let low = 0;
    let high = failures.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((failures[middle]?.arrived ?? 0) < from) low = middle + 1;
      else high = middle;
    }
    return failures.slice(low);
  }

  #stretch(p: Params, keep: (row: FailuresRow) => boolean): { row: FailuresRow; now: number; before: number }[] {
    const [before, start, from, to] = ['before', 'start', 'from', 'to'].map((k) => Number(p[k])) as [number, number, number, number];
    return this.#failures(p, before).flatMap((row) => {
      if (!keep(row) || row.at < before || row.at >= to || (row.at >= start && row.at < from)) return [];
      return [{ row, now: row.at >= from ? row.clients : 0, before: row.at < start ? row.clients : 0 }];
    });
  }

  #failureCells(p: Params): unknown[] {
    const cells = new Map<string, { -readonly [K in keyof FailureCellRow]: FailureCellRow[K] }>();
    for (const { row, now, before } of this.#stretch(p, (r) => r.kind === p['kind'])) {
      const { network, country, release, crowd } = row;
      const key = `${network} ${country} ${release}`;
      const cell = cells.get(key) ?? { network, country, release, now: 0, before: 0, allNow: 0, allBefore: 0 };
      cells.set(key, cell);
      cell.allNow += now;
      cell.allBefore += before;
      if (crowd === 'many') continue;
      cell.now += now;
      cell.before += before;
    }
    return [...cells.values()];
  }

  #crowdCells(p: Params): unknown[] {
    const none = { first: 0, firstBefore: 0, counted: 0, countedBefore: 0, unranked: 0, unrankedBefore: 0 };
    const cells = new Map<string, { -readonly [K in keyof CrowdCellRow]: CrowdCellRow[K] }>();
    const hosts = p['host'] === '' ? (this.#hostsOf.get(String(p['project'])) ?? []) : [p['host']];
    const rows = hosts.flatMap((host) => this.#stretch({ ...p, host: host ?? '' }, (r) => r.kind === p['kind'] && r.crowd !== 'many'));
    for (const { row, now, before } of rows) {
      const { network, country, release, crowd, collector = '' } = row;
      const key = `${collector} ${network} ${country} ${release}`;
      const cell = cells.get(key) ?? { collector, network, country, release, ...none };
      cells.set(key, cell);
      cell[crowd === undefined ? 'unranked' : 'counted'] += now;
      cell[crowd === undefined ? 'unrankedBefore' : 'countedBefore'] += before;
      if (crowd !== 'first') continue;
      cell.first += now;
      cell.firstBefore += before;
    }
    return [...cells.values()];
  }

  #clientsByKind(p: Params): unknown[] {
    const rows = new Map<string, { -readonly [K in keyof ClientsByKindRow]: ClientsByKindRow[K] }>();
    const places = placesIn(p);
    for (const { row, now, before } of this.#stretch(p, (r) => isInPlaces(places, r))) {
      for (const type of ['', row.type]) {
        const key = `${row.kind} ${type}`;
        const sum = rows.get(key) ?? { kind: row.kind, type, now: 0, counted: 0, countedBefore: 0, requests: 0 };
        rows.set(key, sum);
        sum.now += now;
        if (row.crowd !== 'many') {
          sum.counted += now;
          sum.countedBefore += before;
        }
        if (now > 0) sum.requests += row.requests;
      }
    }
    return [...rows.values()];
  }

  #clientsOfPlace(p: Params): unknown[] {
    const from = Number(p['from']);
    const dimensions = (['network', 'country', 'release'] as const).filter((d) => p[d] !== '');
    const clients = this.#failures(p, from)
      .filter((r) => r.kind === p['kind'] && r.at >= from && r.at < Number(p['to']) && dimensions.every((d) => r[d] === p[d]))
      .reduce((sum, r) => sum + r.clients, 0);
    return [{ clients }];
  }

  /** Of a spike that is older than what is kept, as far as it is. */
  #clientsOfSpike(p: Params): unknown[] {
    const [start, to] = [Number(p['start']), Number(p['to'])];
    const places = placesIn(p);
    const days = new Map<number, number>();
    const sum = { most: 0, all: 0, requests: 0, weight: 0 };
    for (const row of this.#failures(p, start)) {
      if (row.kind !== p['kind'] || row.at < start || row.at >= to || !isInPlaces(places, row)) continue;
      const day = Math.floor(row.at / DAY_S);
      days.set(day, (days.get(day) ?? 0) + row.clients);
      sum.requests += row.requests;
      sum.weight += row.requests * ((row.weight ?? row.clients) / Math.max(1, row.clients));
    }
    return [{ ...sum, most: Math.max(0, ...days.values()), all: [...days.values()].reduce((n, clients) => n + clients, 0) }];
  }

  #attemptsOfPlace(p: Params): unknown[] {
    const sum = { made: 0, failed: 0, made_before: 0, failed_before: 0 };
    const { networks, countries, releases } = placesIn(p);
    // Of a country or a release no line tells, and what is known of the whole host is nothing about a place in it.
    if ([...countries, ...releases].some((value) => value !== '')) return [sum];
    for (const row of this.#of(p['project'], p['host']).attempts) {
      const isThere = networks.length === 0 ? row.network === undefined : row.network !== undefined && networks.includes(row.network);
      if (!isThere || row.at < Number(p['before']) || row.at >= Number(p['to'])) continue;
      const now = row.at >= Number(p['from']);
      sum[now ? 'made' : 'made_before'] += row.made;
      sum[now ? 'failed' : 'failed_before'] += row.failed;
    }
    return [sum];
  }

  #serverCounters(p: Params): unknown[] {
    const { counters } = this.#of(p['project'], p['host']);
    const inside = counters.filter(([c]) => c !== undefined && c.time >= Number(p['from']) && c.time < Number(p['to']));
    return [0, 1].flatMap((index) => inside.flatMap((pair) => pair[index] ?? []));
  }

  #knownPlaces(p: Params): unknown[] {
    const project = String(p['project']);
    const places = this.#places.get(project) ?? [];
    const hour = Math.floor((places.at(-1)?.arrived ?? 0) / HOUR_S);
    const [recent, until] = [Number(p['recent']), Number(p['until'])];
    const recentHour = Math.floor(until / HOUR_S);
    const cached = this.#known.get(project);
    if (cached?.hour === hour && cached.recentHour === recentHour) return cached.rows;
    const kept = places.filter((r) => r.arrived >= hour * HOUR_S - DAY_S);
    this.#places.set(project, kept);
    const found = new Map<string, { network: string; country: string; release: string; clients: number; recent: number }>();
    for (const { network, country, release, clients = 1, arrived } of kept) {
      const key = `${network} ${country} ${release}`;
      const sum = found.get(key) ?? { network, country, release, clients: 0, recent: 0 };
      found.set(key, sum);
      sum.clients += clients;
      if (arrived >= recent && arrived < until) sum.recent += clients;
    }
    const rows = [...found.values()].sort((a, b) => b.clients - a.clients).slice(0, MOST_PLACES);
    this.#known.set(project, { hour, recentHour, rows });
    return rows;
  }
}

/** The places that are asked for, which the questions that know places always have. */
const placesIn = (p: Params): Places => {
  const list = (name: string): readonly string[] => (Array.isArray(p[name]) ? (p[name] as readonly string[]) : []);
  return { networks: list('networks'), countries: list('countries'), releases: list('releases') };
};

/** With the row added, and from time to time without what is too old; rows come by time. */
function trimmed<T>(rows: T[], row: T, oldest: number, timeOf: (row: T) => number): T[] {
  rows.push(row);
  if (rows.length % TRIM_AFTER !== 0) return rows;
  const first = rows.findIndex((r) => timeOf(r) >= oldest);
  return first > rows.length / 4 ? rows.slice(first) : rows;
}
