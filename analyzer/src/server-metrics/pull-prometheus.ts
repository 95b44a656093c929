/** Pulls a server's rates, latency, saturation and deploys out of a Prometheus-compatible server by range queries. */
import type { MarkerRow, ServerMetricRow } from '@outcry/storage';
import { deploysOf } from './deploys.js';
import type { PullDeps } from './pull-exposition.js';
import { queryRange } from './query-range.js';
import type { RangeQuery, RangeSeries } from './query-range.js';
import { failureWords } from './read-bounded.js';
import type { PrometheusSource } from './source.js';
import { classByLabels, NO_STATUS, proberName, readSliceName, sliceName, storedName } from './stored-name.js';
import type { GaugeName } from './stored-name.js';

/** Seconds between samples that are asked for. */
const STEP_S = 15;
/** What is asked for at first, so that a spike soon after the start has a baseline. */
const FIRST_S = 3_600;
/** Samples are asked for again for so long: a Prometheus may itself be late. Writing one again changes nothing. */
const OVERLAP_S = 120;
/** Requests by country and release: many series that change slowly. */
const SLICE_STEP_S = 300;
const MOST_SLICES = 5_000;
const DEFAULT_QUERY = 'sum by (status) (rate(http_requests_total[1m]))';

/** What a query may give: a rate or a time is any number from 0 on, a share at most 1. */
const LARGEST = { requests_per_s: Infinity, slice_requests_per_s: Infinity, latency_s: Infinity, saturation: 1, probe_success: 1 } as const;

interface Sample {
  readonly time: number;
  readonly value: number;
}

type Asked = keyof typeof LARGEST;
/** In the order in which it is told what is wrong with them. */
const QUERIES = [...(Object.keys(LARGEST) as Asked[]), 'deploys'] as const;
type Query = (typeof QUERIES)[number];

/** Remembers how far each query of one source has been read, s, and the versions that were seen. */
export interface PrometheusMemory {
  toS?: Partial<Record<Query, number>>;
  versions?: ReadonlySet<string>;
}

/**
 * Asks for everything since the last pull and stores it, each query by itself: one that is refused, or gives what cannot be, takes nothing from the others.
 *
 * @param memory - Kept between pulls of one source. @returns What went wrong in plain words, or null. Never rejects.
 */
export async function pullPrometheus(source: PrometheusSource, deps: PullDeps, memory: PrometheusMemory): Promise<string | null> {
  const toS = Math.floor((deps.now ?? Date.now)() / 1000 / STEP_S) * STEP_S;
  const { project, host } = source;
  const readS = (memory.toS ??= {});
  const strange = new Map<Query, string[]>();
  const failed = new Map<Query, string>();
  const { requestsQuery = DEFAULT_QUERY, latencyQuery, saturationQuery, proberQuery, slicesQuery, deploysQuery } = source;

  /** One query to its end; without one nothing. @returns The series it gave; undefined where it was not asked or failed. */
  const byItself = async (
    what: Query,
    query: string | undefined,
    read: (query: string) => Promise<RangeSeries[]>,
  ): Promise<RangeSeries[] | undefined> => {
    try {
      return query === undefined ? undefined : await read(query);
    } catch (error) {
      failed.set(what, what === 'requests_per_s' ? failureWords(error) : `${what}: ${failureWords(error)}`);
      return undefined;
    }
  };
  const spanOf = (what: Query): Omit<RangeQuery, 'query'> => {
    const isSlices = what === 'slice_requests_per_s';
    const stepS = isSlices ? SLICE_STEP_S : STEP_S;
    const until = Math.floor(toS / stepS) * stepS;
    const fromS = Math.max(until - FIRST_S, (readS[what] ?? 0) - (isSlices ? 0 : OVERLAP_S));
    return { fromS, toS: until, stepS, ...(isSlices && { most: MOST_SLICES }) };
  };
  /** Asks for what is new of one query, and stores it under the names that its series get; those without one are left out. */
  const store =
    (what: Asked, nameOf: (series: RangeSeries, count: number) => string | undefined) =>
    async (query: string): Promise<RangeSeries[]> => {
      const span = spanOf(what);
      const all = await queryRange(source, { query, ...span }, deps);
      const sifted = all.flatMap((series) => {
        const name = nameOf(series, all.length);
        return name === undefined ? [] : [{ name, ...sift(what, series, span) }];
      });
      strange.set(what, [...new Set(sifted.flatMap(({ wrong }) => wrong))]);
      const rows = sifted.flatMap(({ name, usable }) => usable.map((sample): ServerMetricRow => ({ project, host, name, ...sample })));
      if (rows.length > 0) await deps.client.insert({ table: 'server_metrics', values: rows, format: 'JSONEachRow' });
      readS[what] = span.toS;
      return all;
    };

  const asked = JSON.stringify([source.prometheusUrl, requestsQuery]);
  const nameOfRate = ({ metric }: RangeSeries): string =>
    storedName('requests_per_s', classByLabels(metric, undefined), JSON.stringify(metric), asked);
  const requests = await byItself('requests_per_s', requestsQuery, store('requests_per_s', nameOfRate));
  const alone = (name: GaugeName) => (_: RangeSeries, count: number) => (count === 1 ? name : undefined);
  const isSliceDue = spanOf('slice_requests_per_s').toS > (readS.slice_requests_per_s ?? 0);
  const [latency, saturation, probers, slices] = await Promise.all([
    byItself('latency_s', latencyQuery, store('latency_s', alone('latency_s'))),
    byItself('saturation', saturationQuery, store('saturation', alone('saturation'))),
    byItself(
      'probe_success',
      proberQuery,
      store('probe_success', ({ metric }) => proberName(JSON.stringify(metric))),
    ),
    byItself('slice_requests_per_s', isSliceDue ? slicesQuery : undefined, store('slice_requests_per_s', nameOfSlice)),
    byItself('deploys', deploysQuery, async (query) => {
      const span = spanOf('deploys');
      const all = await queryRange(source, { query, ...span }, deps);
      const { markers, versions } = deploysOf(all, memory.versions, source);
      if (markers.length > 0) await deps.client.insert<MarkerRow>({ table: 'markers', values: markers, format: 'JSONEachRow' });
      memory.versions = versions;
      readS.deploys = span.toS;
      return all;
    }),
  ]);

  if ((latency?.length ?? 0) > 1) failed.set('latency_s', 'the query of latency_s gave more than one series');
  if ((saturation?.length ?? 0) > 1) failed.set('saturation', 'the query of saturation gave more than one series');
  if (slices !== undefined && slices.filter((series) => nameOfSlice(series) !== undefined).length < slices.length / 2)
    strange.set('slice_requests_per_s', ['requests by country and release without these labels']);
  if (probers?.length === 0) failed.set('probe_success', 'the query of probers gave no series');
  // Somebody who only asks for probers has no requests there.
  if (requests?.length === 0 && (source.requestsQuery !== undefined || (probers?.length ?? 0) === 0))
    failed.set('requests_per_s', 'the query of requests gave no series');
  if (requests !== undefined && requests.length > 0 && requests.every(({ metric }) => classByLabels(metric, undefined) === 'other'))
    failed.set('requests_per_s', NO_STATUS);
  const odd = QUERIES.flatMap((what) => strange.get(what) ?? []);
  const words = [
    ...(odd.length > 0 ? [`the Prometheus answered ${odd.join(', ')}`] : []),
    ...QUERIES.flatMap((what) => failed.get(what) ?? []),
  ];
  return words.length > 0 ? words.join('; ') : null;
}

function nameOfSlice({ metric }: RangeSeries): string | undefined {
  const name = sliceName(metric['country'] ?? '', metric['release'] ?? '');
  return readSliceName(name) === undefined ? undefined : name;
}

/** Samples of the asked time with a possible value; the others are named, never stored. NaN is what Prometheus says where nothing was measured. */
function sift(what: Asked, { values }: RangeSeries, { fromS, toS }: Omit<RangeQuery, 'query'>): { usable: Sample[]; wrong: string[] } {
  const all = values.map(([time, value]): Sample => ({ time: Math.floor(time), value: Number(value) }));
  const inTime = all.filter(({ time }) => time >= fromS && time <= toS);
  const usable = inTime.filter(({ value }) => value >= 0 && value <= LARGEST[what] && value < Infinity);
  const strange = inTime.find((sample) => !usable.includes(sample) && !Number.isNaN(sample.value));
  return {
    usable,
    wrong: [
      ...(inTime.length < all.length ? [`${what} of another time than was asked for`] : []),
      ...(strange !== undefined ? [`${what} of ${String(strange.value)}`] : []),
    ],
  };
}
