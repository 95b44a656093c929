/** Reading of query parameters; a wrong one is answered with its name and bounds. */
import { HOST_PATTERN, KINDS, PROJECT_PATTERN } from '@outcry/protocol';
import { GRID, GRID_SIZES } from '../publish/windows.js';
import type { GridSize } from '../publish/windows.js';
import { Problem } from './problem.js';

export type Query = Readonly<Record<string, unknown>>;

/** The longest stretch that may be asked for, ms. */
const MAX_SPAN_MS = 35 * 86_400_000;

function text(query: Query, name: string): string {
  const value = query[name];
  if (typeof value !== 'string' || value === '') throw new Problem('bad_parameter', `${name} is missing`);
  return value;
}

/** project, host and kind. */
export function subjectOf(query: Query): { project: string; host: string; kind: string } {
  const project = text(query, 'project');
  const host = text(query, 'host');
  const kind = text(query, 'kind');
  if (!PROJECT_PATTERN.test(project)) throw new Problem('bad_parameter', 'project is not a project name');
  if (!HOST_PATTERN.test(host)) throw new Problem('bad_parameter', 'host is not a host name');
  if (!(KINDS as readonly string[]).includes(kind)) throw new Problem('bad_parameter', `kind is not one of ${KINDS.join(', ')}`);
  return { project, host, kind };
}

/**
 * Moments that may be asked for. Storage counts seconds in 32 bits: beyond, they wrap around, and a window would come to lie beside the grid,
 * where it could single out a client.
 */
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);

/** A moment in RFC 3339, of the years 2000 to 2099; `fallbackMs` where the parameter is absent. */
export function timeOf(query: Query, name: string, fallbackMs: number): number {
  const value = query[name];
  if (value === undefined) return fallbackMs;
  const ms =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(ms)) throw new Problem('bad_parameter', `${name} is not a time in RFC 3339, such as 2026-01-05T14:20:00Z`);
  if (ms < EARLIEST_MS || ms >= LATEST_MS) throw new Problem('bad_parameter', `${name} is not in the years 2000 to 2099`);
  return ms;
}

/** from and to, at most 35 days apart. */
export function spanOf(query: Query, nowMs: number): { fromMs: number; toMs: number } {
  const toMs = timeOf(query, 'to', nowMs);
  const fromMs = timeOf(query, 'from', toMs - 3_600_000);
  if (fromMs >= toMs || toMs - fromMs > MAX_SPAN_MS) throw new Problem('bad_parameter', 'from must lie before to, by at most 35 days');
  return { fromMs, toMs };
}

/** The size of a window of the grid. */
export function gridOf(query: Query): GridSize {
  const value = query['window'] ?? '1h';
  const size = GRID_SIZES.find((s) => s === value);
  if (size === undefined) throw new Problem('bad_parameter', `window is not one of ${Object.keys(GRID).join(', ')}`);
  return size;
}
