import type { Tally } from './fleet-messages.js';

interface Entry extends Tally {
  readonly atMs: number;
}

/** What the fleet's clients lately saw, by network. */
export class TallyBoard {
  readonly #keptMs: number;
  #entries: Entry[] = [];

  /** @param keptMs - How long a count is remembered. */
  constructor(keptMs = 120_000) {
    this.#keptMs = keptMs;
  }

  add(tallies: readonly Tally[], nowMs: number): void {
    this.#entries = this.#entries.filter(({ atMs }) => atMs > nowMs - this.#keptMs);
    for (const tally of tallies) this.#entries.push({ ...tally, atMs: nowMs });
  }

  /** Requests made and failed since a moment, of one network or of all. */
  since(fromMs: number, network?: string): { readonly made: number; readonly failed: number } {
    let made = 0;
    let failed = 0;
    for (const entry of this.#entries) {
      if (entry.atMs < fromMs || (network !== undefined && entry.network !== network)) continue;
      made += entry.made;
      failed += entry.failed;
    }
    return { made, failed };
  }
}
