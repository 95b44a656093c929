/** What a sink has to be told of an alert, by what it was told. Pure. */
import type { Alert } from './alert.js';
import type { Notification } from './sink.js';
import type { ToldState } from './told.js';

/**
 * What nobody has noted for so long is over, also where the analyzer that told it did not live to see the end; and what begins so long after is
 * another alert. Longer than the clocks and looks of two analyzers differ.
 */
export const LOST_MS: number = 15 * 60_000;

/** Whether a sink was told of this alert, and not of its end. */
export function knows(told: ToldState | undefined, alert: Alert): told is ToldState {
  return told !== undefined && told.status !== 'resolved' && (alert.endsAtMs !== null || alert.startsAtMs - told.heldMs <= LOST_MS);
}

/** Whether somebody told it as over after this analyzer last saw it hold: who sees less than others does not bring it back. */
function isOutdated(alert: Alert, told: ToldState | undefined): boolean {
  return told?.status === 'resolved' && alert.asOfMs !== undefined && alert.asOfMs < told.heldMs;
}

/** What a sink has to be told of an alert now; undefined when it knows. What ended before it was told of concerns nobody. */
export function due(alert: Alert, told: ToldState | undefined): Notification['status'] | undefined {
  if (alert.labels.severity === 'none') return undefined;
  if (alert.endsAtMs !== null) return knows(told, alert) ? 'resolved' : undefined;
  if (isOutdated(alert, told)) return undefined;
  if (!knows(told, alert)) return 'firing';
  return told.status === 'notice' && alert.labels.severity === 'page' ? 'firing' : undefined;
}
