/** What the analyzer tells of itself: that it is watching, or that it sees nothing. Pure. */
import { BLIND_MS } from '../watch/sight.js';
import type { WatchState } from '../watch/watch.js';
import type { Alert } from './alert.js';

type Sight = Pick<WatchState, 'latestMs' | 'degraded'>;

/** Whether spikes that are there would be found: a round has finished, and rounds go on finishing in time. */
export const isSeeing = ({ latestMs, degraded }: Sight): boolean => degraded === null && latestMs !== null;

/** Whether nothing was seen for long enough to tell of it. */
export const isBlind = ({ degraded }: Sight, nowMs: number): boolean => degraded !== null && nowMs - degraded.sinceMs > BLIND_MS;

/** @param startedMs - When this analyzer began. */
export function selfAlerts(sight: Sight, startedMs: number, nowMs: number): Alert[] {
  const { degraded } = sight;
  return [...(isSeeing(sight) ? [heartbeat(startedMs)] : []), ...(degraded !== null && isBlind(sight, nowMs) ? [blind(degraded)] : [])];
}

/** Always there while detection works: whoever waits for it learns that nobody is watching any more. */
function heartbeat(startedMs: number): Alert {
  return {
    labels: { alertname: 'OutcryHeartbeat', severity: 'none' },
    summary: 'Outcry is watching.',
    details: [],
    path: '/',
    startsAtMs: startedMs,
    endsAtMs: null,
  };
}

function blind({ code, sinceMs }: NonNullable<Sight['degraded']>): Alert {
  const what = code === 'detection_stalled' ? 'No round of detection finishes in time' : 'Rounds of detection fail';
  return {
    labels: { alertname: 'OutcryBlind', severity: 'page' },
    summary: 'Outcry cannot look for spikes at the moment.',
    details: [`${what} (${code}). Collectors go on taking reports; nothing is lost, but nothing is found.`],
    path: '/healthz',
    startsAtMs: sinceMs,
    endsAtMs: null,
  };
}
