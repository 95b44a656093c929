/** What is wrong with the sources of server metrics at the moment. */
import type { ServerMetricsSource } from './source.js';

/** Remembers each source by itself: a host may have several, and one that is well hides none that is not. */
export class Unread {
  readonly #reasons = new Map<ServerMetricsSource, string>();

  /** @param reason - In plain words; null while all is well. @returns Whether something is wrong that was not known before. */
  note(source: ServerMetricsSource, reason: string | null): boolean {
    const isNews = reason !== null && this.#reasons.get(source) !== reason;
    if (reason === null) this.#reasons.delete(source);
    else this.#reasons.set(source, reason);
    return isNews;
  }

  /** The reasons by `project host`. */
  byHost(): ReadonlyMap<string, string> {
    const reasons = new Map<string, Set<string>>();
    for (const [{ project, host }, reason] of this.#reasons) {
      const key = `${project} ${host}`;
      reasons.set(key, (reasons.get(key) ?? new Set()).add(reason));
    }
    return new Map([...reasons].map(([key, all]) => [key, [...all].join('; ')]));
  }
}
