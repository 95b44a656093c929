import type { Question } from './ask.js';

export interface MarkerOfTime {
  /** s since the epoch. */
  readonly time: number;
  readonly kind: string;
  readonly title: string;
  readonly release: string;
}

/** What did people do in this stretch? Newest first. Cost: the markers of one project. */
export const markersBetween: Question<{ project: string; host: string; from: number; to: number }, MarkerOfTime> = {
  sql: `
    SELECT toUInt32(time) AS time, toString(kind) AS kind, title, toString(release) AS release
    FROM markers FINAL
    WHERE project = {project:String} AND host IN ('', {host:String})
      AND markers.time >= toDateTime({from:UInt32}, 'UTC') AND markers.time <= toDateTime({to:UInt32}, 'UTC')
    ORDER BY markers.time DESC
    LIMIT 50`,
};
