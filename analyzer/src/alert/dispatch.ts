/** Brings alerts to the sinks: tried again until taken, never in the way of detection, told once each. */
import { mergeAlerts } from './alert.js';
import type { Alert } from './alert.js';
import type { EventSink, Notification, StateSink } from './sink.js';
import type { Told, ToldState } from './told.js';

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
   * @param isWhole - Whether all was looked at, so that what is not among the alerts does not hold.
   */
  run(alerts: readonly Alert[], validForMs: number, isWhole: boolean): Promise<void>;
}

const FIRST_WAIT_MS = 15_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** So often it is noted that an alert still holds. */
const NOTE_MS = 5 * 60_000;
/**
 * What nobody has noted for so long is over, also where the analyzer that told it did not live to see the end; and what begins so long after is
 * another alert. Longer than the clocks and looks of two analyzers differ.
 */
const LOST_MS = 15 * 60_000;

/** Whether a sink was told of this alert, and not of its end. */
function knows(told: ToldState | undefined, alert: Alert): told is ToldState {
  return told !== undefined && told.status !== 'resolved' && (alert.endsAtMs !== null || alert.startsAtMs - told.heldMs <= LOST_MS);
}

/** What a sink has to be told of an alert now; undefined when it knows. What ended before it was told of concerns nobody. */
export function due(alert: Alert, told: ToldState | undefined): Notification['status'] | undefined {
  if (alert.labels.severity === 'none') return undefined;
  if (alert.endsAtMs !== null) return knows(told, alert) ? 'resolved' : undefined;
  if (!knows(told, alert)) return 'firing';
  return told.status === 'notice' && alert.labels.severity === 'page' ? 'firing' : undefined;
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

  /** What a sink still believes to hold although nobody has seen it for a while: it missed the end, or there was no analyzer to tell it. */
  function lost(sink: string, current: ReadonlyMap<string, Alert>, nowMs: number): [string, Alert][] {
    return [...told.open(sink)].flatMap(([key, { heldMs, alert }]): [string, Alert][] => {
      if (current.has(key) || nowMs - heldMs <= LOST_MS) return [];
      if (alert !== null) return [[key, { ...alert, endsAtMs: heldMs }]];
      // Told by an analyzer that kept no text of it: there are no words for its end, but the next one is told again.
      told.remember(key, sink, { status: 'resolved', heldMs: nowMs, alert: null });
      return [];
    });
  }

  /** Keeps alive what the sink was told and what still holds, whether the sink can be reached or not. */
  function note(sink: string, current: ReadonlyMap<string, Alert>, nowMs: number): void {
    for (const [key, alert] of current) {
      const state = told.of(key, sink);
      if (alert.endsAtMs !== null || !knows(state, alert) || nowMs - state.heldMs < NOTE_MS) continue;
      told.remember(key, sink, { status: state.status, heldMs: nowMs, alert });
    }
  }

  async function tellEvents(sink: EventSink, current: ReadonlyMap<string, Alert>, isWhole: boolean, nowMs: number): Promise<void> {
    note(sink.name, current, nowMs);
    await tell(sink.name, async (signal) => {
      for (const [key, alert] of [...current, ...(isWhole ? lost(sink.name, current, nowMs) : [])]) {
        const status = due(alert, told.of(key, sink.name));
        if (status === undefined) continue;
        await sink.send(notify(key, alert, status), signal);
        const isOver = status === 'resolved';
        told.remember(key, sink.name, {
          status: isOver ? 'resolved' : alert.labels.severity,
          heldMs: now(),
          alert: isOver ? null : alert,
        });
        onTry(sink.name, 'ok');
      }
    });
  }

  /** Sinks of events have to wait until it is known what they were told. */
  async function tellAllEvents(current: ReadonlyMap<string, Alert>, isWhole: boolean, nowMs: number): Promise<void> {
    if (eventSinks.length === 0) return;
    await told.refresh(nowMs);
    await Promise.all(eventSinks.map((sink) => tellEvents(sink, current, isWhole, nowMs)));
  }

  return {
    async run(alerts, validForMs, isWhole) {
      const nowMs = now();
      const current = new Map(mergeAlerts(alerts));
      for (const [key, alert] of last) {
        const isOver = !current.has(key) && (alert.endsAtMs === null || nowMs - alert.endsAtMs < validForMs);
        if (isOver) current.set(key, { ...alert, endsAtMs: alert.endsAtMs ?? nowMs });
      }
      last.clear();
      for (const [key, alert] of current) last.set(key, alert);
      await Promise.all([
        ...stateSinks.map((sink) =>
          tell(sink.name, async (signal) => {
            const notifications = [...current].map(([key, alert]) => notify(key, alert, alert.endsAtMs === null ? 'firing' : 'resolved'));
            if (notifications.length === 0) return;
            await sink.send(notifications, validForMs, nowMs, signal);
            onTry(sink.name, 'ok');
          }),
        ),
        tellAllEvents(current, isWhole, nowMs),
      ]);
    },
  };
}
