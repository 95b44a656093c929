import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';
import { IN_PLACES } from './in-places.js';
import type { Places } from './in-places.js';

export interface PathRow {
  /** Deliveries told of, and those of them that had failed at another collector first. */
  readonly told: number;
  readonly failed: number;
  readonly told_before: number;
  readonly failed_before: number;
}

/**
 * Did the clients in some places reach the collectors, now and before?
 * Told with the envelope after the delivery, so by the time when it was sent. Cost: the deliveries of an hour and the spike.
 */
export const pathOfPlace: Question<{ project: string; before: number; from: number; to: number } & Places, PathRow> = {
  sql: `
    SELECT toUInt32(countIf(is_now)) AS told, toUInt32(countIf(is_now AND has_failed)) AS failed,
           toUInt32(countIf(NOT is_now)) AS told_before, toUInt32(countIf(NOT is_now AND has_failed)) AS failed_before
    FROM (
      SELECT sent_at >= toDateTime({from:UInt32}, 'UTC') AS is_now, notEmpty(failed_collectors) AS has_failed
      FROM deliveries FINAL
      WHERE project = {project:String} AND ${IN_PLACES}
        AND sent_at >= toDateTime({before:UInt32}, 'UTC') AND sent_at < toDateTime({to:UInt32}, 'UTC') AND ${FROM_AGENTS}
    )`,
};
