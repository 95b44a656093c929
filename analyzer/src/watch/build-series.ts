/** From rows of the rollups, which hold only bins with failures, to the series that are tested. */
import type { Series } from '../detect/series.js';
import type { Where } from './shares.js';

/** Kinds that can be an outage of the service; `cors`, `blocked` and `offline` never are. */
export const WATCHED_KINDS = ['dns', 'routing', 'tls', 'timeout', 'http', 'unknown'] as const;
const WATCHED = new Set<string>(WATCHED_KINDS);

/** What a series is of; `where` is {} for the whole host. */
export interface SeriesOf {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly where: Where;
}
export interface WatchedSeries extends SeriesOf {
  readonly series: Series;
}

export interface BinRow extends SeriesOf {
  readonly bin: number;
  readonly clients: number;
}

export interface BuildOptions {
  readonly binMs: number;
  /** Where the series of a host begin at the earliest, ms. */
  readonly fromMs: (of: SeriesOf) => number;
  readonly nowMs: number;
  /** Whether this project and host are watched. */
  readonly watched: (project: string, host: string) => boolean;
  /** When the host was first heard of, ms; a series starts there, since earlier silence says nothing. */
  readonly firstHeardMs: (project: string, host: string) => number | undefined;
  readonly completeness: (ageMs: number) => number;
  /** Load and sampling per bin. */
  readonly exposure?: (of: SeriesOf, startMs: number, binMs: number, count: number) => readonly number[] | undefined;
  /** Failing clients per hour of earlier days, for the level and the shape of a day. */
  readonly history?: (of: SeriesOf) => Series | undefined;
}

/**
 * One series per project, host, kind and place that has any failure; the bin that is still filling is left out. Pure; rows that are not
 * watched are dropped, and rows of one bin are added up, in any order.
 */
export function buildSeries(rows: readonly BinRow[], options: BuildOptions): WatchedSeries[] {
  const groups = new Map<string, { of: SeriesOf; rows: BinRow[] }>();
  for (const row of rows) {
    if (!WATCHED.has(row.kind) || !options.watched(row.project, row.host)) continue;
    const { project, host, kind, where } = row;
    const key = keyOf(row);
    const group = groups.get(key) ?? { of: { project, host, kind, where }, rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ of, rows: own }) => seriesOf(of, own, options) ?? []);
}

/** The series of one thing; undefined where its host was not heard of before now. @param counts - Failing clients by start of bin, s. */
export function seriesOf(
  of: SeriesOf,
  counts: Iterable<{ readonly bin: number; readonly clients: number }>,
  options: BuildOptions,
): WatchedSeries | undefined {
  const { binMs, nowMs } = options;
  const heardMs = options.firstHeardMs(of.project, of.host);
  if (heardMs === undefined) return undefined;
  const startMs = Math.ceil(Math.max(options.fromMs(of), heardMs) / binMs) * binMs;
  const count = Math.floor((Math.floor(nowMs / binMs) * binMs - startMs) / binMs);
  if (count <= 0) return undefined;
  const failures = new Array<number>(count).fill(0);
  for (const { bin, clients } of counts) {
    const index = Math.floor((bin * 1000 - startMs) / binMs);
    if (index >= 0 && index < count) failures[index] = (failures[index] ?? 0) + clients;
  }
  const completeness = new Array<number>(count).fill(1);
  for (let i = count - 1; i >= 0; i--) {
    const share = options.completeness(nowMs - (startMs + (i + 1) * binMs));
    if (share >= 1) break; // it rises with age
    completeness[i] = share;
  }
  const exposure = options.exposure?.(of, startMs, binMs, count);
  const earlier = options.history?.(of);
  // Levels per load and levels alone cannot be compared.
  const history = (earlier?.exposure === undefined) === (exposure === undefined) ? earlier : undefined;
  const series = {
    startMs,
    binMs,
    failures,
    completeness,
    ...(exposure !== undefined && { exposure }),
    ...(history !== undefined && { history }),
  };
  return { ...of, series };
}

/** A text that is the same for the same series. */
export function keyOf({ project, host, kind, where }: SeriesOf): string {
  return [project, host, kind, where.network ?? '', where.country ?? '', where.release ?? ''].join('\u0000');
}

/** Project, host and kind alone. */
export const subjectOf = ({ project, host, kind }: Omit<SeriesOf, 'where'>): string => [project, host, kind].join('\u0000');

/** What is of one project, host and kind together, in the order in which it comes. */
export function bySubject<T extends Omit<SeriesOf, 'where'>>(all: Iterable<T>): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const each of all) {
    const own = found.get(subjectOf(each));
    if (own === undefined) found.set(subjectOf(each), [each]);
    else own.push(each);
  }
  return found;
}
