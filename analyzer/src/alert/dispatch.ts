/** Brings alerts to the sinks: tried again until taken, never in the way of detection, told once each. */
import { mergeAlerts } from './alert.js';
import type { Alert } from './alert.js';
import type { EventSink, Notification, StateSink } from './sink.js';
import type { Told, ToldStatus } from './told.js';

export interface DispatchParts {
  readonly eventSinks: readonly EventSink[];
  readonly stateSinks: readonly StateSink[];
  readonly told: Told;
  /** Where the pages are, for links. */
  readonly publicUrl: string;
  readonly now: () => number;
  /** Told of every try. */
  readonly onTry: (sink: string, outcome: 'ok' | 'failed', error?: unknown) => void;
  /** Longest wait for one sink, ms; default 20 s. */
  readonly timeoutMs?: number;
}

export interface Dispatch {
  /**
   * Tells every sink what it does not know yet. Resolves when all have taken it or failed; never rejects. A sink that is still busy with the
   * round before is left alone, so that a slow one holds up nobody.
   *
   * @param alerts - Everything that holds, and what ended lately. @param validForMs - How long Alertmanager believes it without being told again.
   */
  run(alerts: readonly Alert[], validForMs: number): Promise<void>;
}

const FIRST_WAIT_MS = 15_000;
const LONGEST_WAIT_MS = 15 * 60_000;

/** What a sink has to be told of an alert now; undefined when it knows. What ended before it was told of concerns nobody. */
export function due(alert: Alert, told: ToldStatus | undefined): Notification['status'] | undefined {
  if (alert.labels.severity === 'none') return undefined;
  const knows = told !== undefined && told !== 'resolved';
  if (alert.endsAtMs !== null) return knows ? 'resolved' : undefined;
  if (!knows) return 'firing';
  return told === 'notice' && alert.labels.severity === 'page' ? 'firing' : undefined;
}

export function makeDispatch({ eventSinks, stateSinks, told, publicUrl, now, onTry, timeoutMs = 20_000 }: DispatchParts): Dispatch {
  const busy = new Set<string>();
  const waits = new Map<string, { untilMs: number; waitMs: number }>();
  /** What this process told last, so that an alert which is simply no longer there can be told as over. */
  const last = new Map<string, Alert>();
  const base = publicUrl.replace(/\/+$/, '');
  const notify = (key: string, alert: Alert, status: Notification['status']): Notification => ({
    key,
    alert,
    status,
    url: alert.path === null ? null : `${base}${alert.path}`,
    runbookUrl: alert.runbook === undefined ? null : `${base}${alert.runbook}`,
  });

  /** Runs `work` unless the sink is busy or has to rest after a failure. */
  async function tell(sink: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (busy.has(sink) || now() < (waits.get(sink)?.untilMs ?? 0)) return;
    busy.add(sink);
    try {
      await work(AbortSignal.timeout(timeoutMs));
      waits.delete(sink);
    } catch (error) {
      const waitMs = Math.min(LONGEST_WAIT_MS, 2 * (waits.get(sink)?.waitMs ?? FIRST_WAIT_MS / 2));
      waits.set(sink, { waitMs, untilMs: now() + waitMs });
      onTry(sink, 'failed', error);
    } finally {
      busy.delete(sink);
    }
  }

  async function tellEvents(sink: EventSink, current: ReadonlyMap<string, Alert>): Promise<void> {
    await tell(sink.name, async (signal) => {
      for (const [key, alert] of current) {
        const status = due(alert, told.status(key, sink.name));
        if (status === undefined) continue;
        await sink.send(notify(key, alert, status), signal);
        await told.remember(key, sink.name, status === 'resolved' ? 'resolved' : alert.labels.severity, now());
        onTry(sink.name, 'ok');
      }
    });
  }

  return {
    async run(alerts, validForMs) {
      const nowMs = now();
      const current = new Map(mergeAlerts(alerts));
      for (const [key, alert] of last) {
        const isOver = !current.has(key) && (alert.endsAtMs === null || nowMs - alert.endsAtMs < validForMs);
        if (isOver) current.set(key, { ...alert, endsAtMs: alert.endsAtMs ?? nowMs });
      }
      last.clear();
      for (const [key, alert] of current) last.set(key, alert);
      if (eventSinks.length > 0) await told.refresh(nowMs);
      await Promise.all([
        ...stateSinks.map((sink) =>
          tell(sink.name, async (signal) => {
            const notifications = [...current].map(([key, alert]) => notify(key, alert, alert.endsAtMs === null ? 'firing' : 'resolved'));
            if (notifications.length === 0) return;
            await sink.send(notifications, validForMs, nowMs, signal);
            onTry(sink.name, 'ok');
          }),
        ),
        ...eventSinks.map((sink) => tellEvents(sink, current)),
      ]);
    },
  };
}
