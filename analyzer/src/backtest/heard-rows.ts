/** Since when projects and hosts are heard of in a replay, as the loop knows it: from clients' failures and requests alone. */
import { Heard } from '../watch/heard.js';
import type { HistoryRow } from './rows.js';

export class HeardRows {
  readonly #heard = new Heard();
  /** Within the history: hours of before it are no bins. */
  readonly #projects = new Map<string, number>();

  take(row: HistoryRow): void {
    if (row.row !== 'failures' && row.row !== 'attempts' && row.row !== 'hour') return;
    const { project, host } = row;
    const atMs = row.at * 1000;
    if (row.row !== 'hour') this.#projects.set(project, Math.min(atMs, this.#projects.get(project) ?? Infinity));
    if (row.row === 'attempts' ? row.made === 0 : row.clients === 0) return;
    if (row.row === 'failures' && row.crowd === 'many') return;
    if (row.row === 'hour') this.#heard.noteHour(project, host, atMs);
    else this.#heard.note(project, host, row.row === 'attempts' ? 'requests' : 'failures', atMs);
  }

  /** Where a series of a host may start. */
  startMs(project: string, host: string, nowMs: number): number | undefined {
    return this.#heard.startMs(project, host, this.#projects.get(project), nowMs);
  }

  /** Where its history may start. */
  sinceMs(project: string, host: string, nowMs: number): number | undefined {
    return this.#heard.sinceMs(project, host, nowMs);
  }
}
