/** Pulls a server's rates, latency, saturation and deploys out of a Prometheus-compatible server by range queries. */
import type { MarkerRow, ServerMetricRow } from '@outcry/storage';
import { deploysOf } from './deploys.js';
import type { PullDeps } from './pull-exposition.js';
import { queryRange } from './query-range.js';
import type { RangeSeries } from './query-range.js';
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

/** Remembers how far one source has been read, and the versions that were seen. */
export interface PrometheusMemory {
  toS?: number;
  /** How far the requests by country and release have been read. */
  slicesS?: number;
  versions?: ReadonlySet<string>;
}

/**
 * Asks for everything since the last pull and stores it.
 *
 * @param memory - Kept between pulls of one source. @returns What went wrong in plain words, or null. Never rejects.
 */
export async function pullPrometheus(source: PrometheusSource, deps: PullDeps, memory: PrometheusMemory): Promise<string | null> {
  const toS = Math.floor((deps.now ?? Date.now)() / 1000 / STEP_S) * STEP_S;
  const fromS = Math.max(toS - FIRST_S, (memory.toS ?? 0) - OVERLAP_S);
  const { project, host } = source;
  const rows: ServerMetricRow[] = [];
  const strange: string[] = [];
  /** Samples of the asked time with a possible value; the others are named, never stored. NaN is what Prometheus says where nothing was measured. */
  const take = (what: keyof typeof LARGEST, name: string, { values }: RangeSeries): void => {
    const all = values.map(([time, value]): Sample => ({ time: Math.floor(time), value: Number(value) }));
    // Requests by country and release are asked for in longer steps, and from farther back.
    const inTime = all.filter(({ time }) => time >= fromS - (what === 'slice_requests_per_s' ? FIRST_S : 0) && time <= toS);
    const usable = inTime.filter(({ value }) => value >= 0 && value <= LARGEST[what] && value < Infinity);
    const wrong = inTime.filter((sample) => !usable.includes(sample) && !Number.isNaN(sample.value));
    if (inTime.length < all.length) strange.push(`${what} of another time than was asked for`);
    if (wrong.length > 0) strange.push(`${what} of ${String(wrong[0]?.value)}`);
    rows.push(...usable.map((sample) => ({ project, host, name, ...sample })));
  };
  try {
    const ask = (query: string): Promise<RangeSeries[]> => queryRange(source, { query, fromS, toS, stepS: STEP_S }, deps);
    const query = source.requestsQuery ?? DEFAULT_QUERY;
    const asked = JSON.stringify([source.prometheusUrl, query]);
    const rates = await ask(query);
    for (const series of rates) {
      const id = JSON.stringify(series.metric);
      take('requests_per_s', storedName('requests_per_s', classByLabels(series.metric, undefined), id, asked), series);
    }
    for (const [name, query] of [
      ['latency_s', source.latencyQuery],
      ['saturation', source.saturationQuery],
    ] satisfies [GaugeName, string | undefined][]) {
      const [gauge, more] = query === undefined ? [] : await ask(query);
      if (more !== undefined) return `the query of ${name} gave more than one series`;
      if (gauge !== undefined) take(name, name, gauge);
    }
    const probers = source.proberQuery === undefined ? [] : await ask(source.proberQuery);
    for (const series of probers) take('probe_success', proberName(JSON.stringify(series.metric)), series);
    const slicesS = Math.floor(toS / SLICE_STEP_S) * SLICE_STEP_S;
    if (source.slicesQuery !== undefined && slicesS > (memory.slicesS ?? 0)) {
      const span = { fromS: Math.max(slicesS - FIRST_S, memory.slicesS ?? 0), toS: slicesS, stepS: SLICE_STEP_S, most: MOST_SLICES };
      const slices = await queryRange(source, { query: source.slicesQuery, ...span }, deps);
      const named = slices.map((series) => ({ series, name: sliceName(series.metric['country'] ?? '', series.metric['release'] ?? '') }));
      const usable = named.filter(({ name }) => readSliceName(name) !== undefined);
      if (usable.length < slices.length / 2) strange.push('requests by country and release without these labels');
      for (const { series, name } of usable) take('slice_requests_per_s', name, series);
    }
    const found = source.deploysQuery === undefined ? undefined : deploysOf(await ask(source.deploysQuery), memory.versions, source);
    if (rows.length > 0) await deps.client.insert({ table: 'server_metrics', values: rows, format: 'JSONEachRow' });
    if (found !== undefined && found.markers.length > 0)
      await deps.client.insert<MarkerRow>({ table: 'markers', values: [...found.markers], format: 'JSONEachRow' });
    memory.toS = toS;
    memory.slicesS = slicesS;
    if (found !== undefined) memory.versions = found.versions;
    if (strange.length > 0) return `the Prometheus answered ${[...new Set(strange)].join(', ')}`;
    if (source.proberQuery !== undefined && probers.length === 0) return 'the query of probers gave no series';
    // Somebody who only asks for probers has no requests there.
    const asksRequests = source.requestsQuery !== undefined || probers.length === 0;
    if (rates.length === 0) return asksRequests ? 'the query of requests gave no series' : null;
    return rates.every(({ metric }) => classByLabels(metric, undefined) === 'other') ? NO_STATUS : null;
  } catch (error) {
    return failureWords(error);
  }
}
