/** The spikes to tell of: as the rounds last saw them, and as storage has them where that is too long ago. */
import type { AnswerDeps } from '../answers/settings.js';
import type { WatchState } from '../watch/watch.js';
import type { SpikeRecord } from '../watch/spike-record.js';
import { loadSpikes } from '../watch/store-spikes.js';
import { isBlind } from './self-alerts.js';

/** What was seen longer ago than some rounds may have ended since: another analyzer may have closed it. */
const STALE_MS = 30_000;

export interface KnownSpikes {
  readonly records: readonly SpikeRecord[];
  /** When they were seen to be so, ms. */
  readonly asOfMs: number;
}

export interface SpikeLook {
  /** Asks storage where the rounds are late, unless it is still at it. What it waits for holds up no other alert. Never rejects. */
  refresh(nowMs: number): Promise<void>;
  /** The latest that is known; while storage does not answer, what was known holds. */
  known(): KnownSpikes;
}

const isStale = (state: WatchState, nowMs: number): boolean =>
  state.latestMs === null ? isBlind(state, nowMs) : nowMs - state.latestMs > STALE_MS;

export function makeSpikeLook(deps: Pick<AnswerDeps, 'client' | 'state'>): SpikeLook {
  let stored: KnownSpikes | null = null;
  let isAsking = false;
  return {
    async refresh(nowMs) {
      if (isAsking || !isStale(deps.state(), nowMs)) return;
      isAsking = true;
      try {
        stored = { records: (await loadSpikes(deps.client, nowMs)).kept, asOfMs: nowMs };
      } catch {
        // Storage is away, which the analyzer says by itself.
      } finally {
        isAsking = false;
      }
    },
    known() {
      const { latest, latestMs } = deps.state();
      const seen: KnownSpikes = { records: latest?.spikes ?? [], asOfMs: latestMs ?? -Infinity };
      return stored !== null && stored.asOfMs > seen.asOfMs ? stored : seen;
    },
  };
}
