/** Something people did at a moment, such as a deploy, set beside the spikes. */
import { createHash } from 'node:crypto';
import { HOST_PATTERN, PROJECT_PATTERN } from '@outcry/protocol';
import type { MarkerRow } from '@outcry/storage';
import { z } from 'zod';

/** Times are cut to this grid in the id, so that the same deploy told twice (a retried job, two servers) is one marker. */
const ID_GRID_S = 300;

export const markerInput = z.strictObject({
  project: z.string().regex(PROJECT_PATTERN),
  host: z.string().regex(HOST_PATTERN).or(z.literal('')).default(''),
  /** RFC 3339; default: now. */
  time: z.iso.datetime({ offset: true }).optional(),
  kind: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,39}$/)
    .default('deploy'),
  title: z.string().max(200).default(''),
  release: z
    .string()
    .regex(/^[0-9A-Za-z.+_-]{0,40}$/)
    .default(''),
});
export type MarkerInput = z.input<typeof markerInput>;

/** The id of a marker, 16 hex digits: the same within five minutes for the same project, host, kind and release. */
export function markerId(marker: Pick<MarkerRow, 'project' | 'host' | 'kind' | 'release' | 'time'>): string {
  const { project, host, kind, release, time } = marker;
  const text = [project, host, kind, release, Math.floor(time / ID_GRID_S)].join('\u0000');
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The stored row of a checked marker. */
export function markerRow(input: z.output<typeof markerInput>, nowMs: number): MarkerRow {
  const { project, host, kind, title, release } = input;
  const time = Math.floor((input.time === undefined ? nowMs : Date.parse(input.time)) / 1000);
  const marker = { project, host, kind, release, time };
  return { ...marker, title, marker_id: markerId(marker) };
}
