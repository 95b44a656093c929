/** What is told to people and machines that do not look at the page. Everything in it has been through `publish()`. */
import { createHash } from 'node:crypto';

export const ALERT_NAMES = [
  'OutcrySpike',
  'OutcryBudgetBurn',
  'OutcryHeartbeat',
  'OutcryCollectorSilent',
  'OutcryIntakeBehind',
  'OutcryPanelSilent',
  'OutcryBlind',
] as const;
export type AlertName = (typeof ALERT_NAMES)[number];

/** `page`: somebody should get up; `notice`: look at it in the morning; `none`: the heartbeat. */
export type Severity = 'page' | 'notice' | 'none';

export interface Alert {
  /** What tells it from every other: the same labels are the same alert, in Alertmanager too. */
  readonly labels: Readonly<Record<string, string>> & { readonly alertname: AlertName; readonly severity: Severity };
  /** One true sentence. */
  readonly summary: string;
  /** More sentences: why it is thought so. */
  readonly details: readonly string[];
  /** Page to look at, without the analyzer's address; null where there is none. */
  readonly path: string | null;
  /** What to do next, likewise. */
  readonly runbook?: string;
  readonly startsAtMs: number;
  /** Null while it holds. */
  readonly endsAtMs: number | null;
  /** When it was seen to be so, ms, where that may be a while ago; without it just now. */
  readonly asOfMs?: number;
}

/** The identity of an alert, 16 hex digits. Its severity is no part of it: trouble that grows is the same trouble. */
export function alertKey({ labels }: Pick<Alert, 'labels'>): string {
  const identity = Object.entries(labels).filter(([label]) => label !== 'severity');
  const text = JSON.stringify(identity.sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** One alert per identity: where several have the same, one that holds wins over one that ended, and the earliest start counts. */
export function mergeAlerts(alerts: readonly Alert[]): ReadonlyMap<string, Alert> {
  const byKey = new Map<string, Alert>();
  for (const alert of alerts) {
    const key = alertKey(alert);
    const other = byKey.get(key);
    const [first, second] = other === undefined || isBefore(alert, other) ? [alert, other] : [other, alert];
    byKey.set(key, { ...first, startsAtMs: Math.min(first.startsAtMs, second?.startsAtMs ?? Infinity) });
  }
  return byKey;
}

/** Open before over, then the graver, then the later end. */
function isBefore(a: Alert, b: Alert): boolean {
  if ((a.endsAtMs === null) !== (b.endsAtMs === null)) return a.endsAtMs === null;
  if (a.labels.severity !== b.labels.severity) return a.labels.severity === 'page';
  return (a.endsAtMs ?? 0) > (b.endsAtMs ?? 0);
}
