/**
 * Rows by when they happened, each counted once, without reading the rest of the table.
 *
 * Tables are sorted by what a row's envelope says (ADR 0002), and `event_time` is what the collector made of it: nothing about a stretch of
 * event time follows for the sorting key. So the keys of rows in the stretch are looked up first, by the smallest and largest time of each
 * granule, and FINAL then reads these keys whole, all copies of a row among them. Which copy won decides whether the row is in the stretch.
 */

/** What the sorting key holds after the project. */
const CELL = { reports: 'toStartOfFiveMinutes(occurred_at)', attempts: 'bin_start' } as const;

/**
 * An envelope is taken from 8 days after its day of sealing to a day before, and an event is at most 8 days older than its arrival and at most
 * 5 minutes younger: the day of sealing lies within 9 days of the event.
 */
const SEALED_WITHIN_DAYS = 9;

/**
 * The condition for a table read with FINAL: rows of `{project}` with an event time in [`{from}`, `{to}`), s.
 *
 * @param from - Names of the parameters of type UInt32.
 */
export function within(table: keyof typeof CELL, from: string, to: string): string {
  const key = `sealed_day, project, ${CELL[table]}`;
  const day = (parameter: string, days: number): string => `intDiv({${parameter}:UInt32}, 86400) ${days < 0 ? '-' : '+'} ${Math.abs(days)}`;
  const sealed = `sealed_day >= ${day(from, -SEALED_WITHIN_DAYS)} AND sealed_day <= ${day(to, SEALED_WITHIN_DAYS)}`;
  const happened = `event_time >= toDateTime({${from}:UInt32}, 'UTC') AND event_time < toDateTime({${to}:UInt32}, 'UTC')`;
  return `project = {project:String} AND ${sealed} AND ${happened}
      AND (${key}) IN (SELECT DISTINCT ${key} FROM ${table} WHERE project = {project:String} AND ${sealed} AND ${happened})`;
}
