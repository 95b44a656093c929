/**
 * The denominator: requests per host and 5-minute bin, from a panel drawn per UTC day independently of failures, sealed every
 * 5 minutes at a random offset. Records of one bin add up, so a bin may be told in parts.
 */
import { ATTEMPT_BIN_S, DAY_MS } from '@outcry/protocol';
import type { Attempts } from '@outcry/protocol';
import type { Attempt } from './observed.js';
import type { Grant } from './grant.js';
import type { Steering } from './steering.js';

const BIN_MS = ATTEMPT_BIN_S * 1_000;
const MAX_BINS = 256;

type Bin = { -readonly [F in keyof Attempts]: Attempts[F] };

export interface AttemptBins {
  count(attempt: Attempt): void;
  records(): Attempts[];
  /** Gives up the bins that are over, or all of them. */
  take(all: boolean): Attempts[];
}

export function makeAttempts(grant: Grant, steering: Steering, seal: () => unknown): AttemptBins {
  const { platform, options } = grant;
  const bins = new Map<string, Bin>();
  let day = -1;
  let drawn = 0;

  /** The draw of the day is kept, so that a device is in or out for the whole of it. */
  async function draw(): Promise<void> {
    const lot = { day, lot: drawn };
    await grant.update('panel', (old) => {
      const there = old as typeof lot | undefined;
      if (there?.day !== lot.day) return lot;
      drawn = there.lot;
      return there;
    });
  }

  function due(all: boolean): [string, Bin][] {
    const nowS = platform.now() / 1_000;
    // A bin that begins in the future was begun before the clock was set back.
    return [...bins].filter(([, { bin_start }]) => all || bin_start <= nowS - ATTEMPT_BIN_S || bin_start > nowS);
  }

  const round = (): void => {
    grant.after(BIN_MS, round);
    if (due(false).length > 0) seal();
  };
  grant.after(platform.random() * BIN_MS, round);

  return {
    count({ host, outcome, startedAtMs }) {
      const today = Math.floor(platform.now() / DAY_MS);
      if (today !== day) {
        day = today;
        drawn = platform.random();
        if (options.panelPpm < 1e6 || options.configKey) void draw().catch(() => undefined);
      }
      // The lot stands for the day; a smaller panel is a part of the larger one.
      const panel_ppm = steering.attemptsPpm();
      if (drawn * 1e6 >= panel_ppm) return;
      const bin_start = Math.floor(startedAtMs / BIN_MS) * ATTEMPT_BIN_S;
      const key = `${host} ${bin_start} ${panel_ppm}`;
      let bin = bins.get(key);
      if (!bin) {
        if (bins.size >= MAX_BINS) return;
        bins.set(key, (bin = { host, bin_start, made: 0, succeeded: 0, failed: 0, aborted: 0, panel_ppm }));
      }
      bin.made++;
      bin[outcome]++;
    },
    records: () => [...bins.values()].map((bin) => ({ ...bin })),
    take(all) {
      const taken = due(all);
      for (const [key] of taken) bins.delete(key);
      return taken.map(([, bin]) => bin);
    },
  };
}
