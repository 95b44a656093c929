/** From rows of the rollups, which hold only bins with failures, to the series that are tested. */
import type { Series } from '../detect/series.js';

/** Kinds that can be an outage of the service; `cors`, `blocked` and `offline` never are. */
export const WATCHED_KINDS = ['dns', 'routing', 'tls', 'timeout', 'http', 'unknown'] as const;

export interface BinRow {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly network?: string;
  readonly bin: number;
  readonly clients: number;
}

/** What a series is of; `network` null for the whole host. */
export interface SeriesOf {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly network: string | null;
}
export interface WatchedSeries extends SeriesOf {
  readonly series: Series;
}

export interface BuildOptions {
  readonly binMs: number;
  readonly fromMs: number;
  readonly nowMs: number;
  /** Whether this project and host are watched. */
  readonly watched: (project: string, host: string) => boolean;
  /** When the project was first heard of, ms; a series starts there, since earlier silence says nothing. */
  readonly firstHeardMs: (project: string) => number | undefined;
  readonly completeness: (ageMs: number) => number;
  /** Failing clients per hour of earlier days, for the shape of a day. */
  readonly history?: (of: SeriesOf) => Series | undefined;
}

/**
 * One series per project, host, kind (and network, where rows have one) that has any failure; the bin that is still filling is left out.
 * Pure; rows that are not watched are dropped.
 */
export function buildSeries(rows: readonly BinRow[], options: BuildOptions): WatchedSeries[] {
  const { binMs, nowMs } = options;
  const endMs = Math.floor(nowMs / binMs) * binMs;
  const groups = new Map<string, { of: SeriesOf; rows: BinRow[] }>();
  for (const row of rows) {
    if (!(WATCHED_KINDS as readonly string[]).includes(row.kind) || !options.watched(row.project, row.host)) continue;
    const of = { project: row.project, host: row.host, kind: row.kind, network: row.network ?? null };
    const key = JSON.stringify(of);
    const group = groups.get(key) ?? { of, rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ of, rows: own }) => {
    const heardMs = options.firstHeardMs(of.project);
    if (heardMs === undefined) return [];
    const startMs = Math.ceil(Math.max(options.fromMs, heardMs) / binMs) * binMs;
    const bins = Math.floor((endMs - startMs) / binMs);
    if (bins <= 0) return [];
    const failures = Array<number>(bins).fill(0);
    for (const row of own) {
      const index = Math.floor((row.bin * 1000 - startMs) / binMs);
      if (index >= 0 && index < bins) failures[index] = (failures[index] ?? 0) + row.clients;
    }
    const completeness = failures.map((_, i) => options.completeness(nowMs - (startMs + (i + 1) * binMs)));
    const history = options.history?.(of);
    return [{ ...of, series: { startMs, binMs, failures, completeness, ...(history !== undefined && { history }) } }];
  });
}
