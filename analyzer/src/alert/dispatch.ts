/** Brings alerts to the sinks: tried again until taken, never in the way of detection, told once each. */
import { mergeAlerts } from './alert.js';
import type { Alert } from './alert.js';
import { due, knows, LOST_MS } from './due.js';
import { makeRests } from './rests.js';
import type { Rests } from './rests.js';
import type { EventSink, Notification, StateSink } from './sink.js';
import type { Told } from './told.js';

export interface DispatchParts {
  readonly eventSinks: readonly EventSink[];
  readonly stateSinks: readonly StateSink[];
  readonly told: Told;
  /** Where the pages are, for links. */
  readonly publicUrl: string;
  readonly now: () => number;
  /** Told of every try. */
  readonly onTry: (sink: string, outcome: 'ok' | 'failed', error?: unknown) => void;
  /** Longest wait for one notification, ms; default 20 s. */
  readonly timeoutMs?: number;
}

export interface Dispatch {
  /**
   * Tells every sink what it does not know yet. Resolves when all have taken it or failed; never rejects. A sink that is still busy with the
   * round before is left alone, so that a slow one holds up nobody; what it does not take holds up nothing else that it is told.
   *
   * @param alerts - Everything that holds, and what ended lately. @param validForMs - How long Alertmanager believes it without being told again.
   * @param isWhole - Whether all was looked at, so that what is not among the alerts does not hold.
   */
  run(alerts: readonly Alert[], validForMs: number, isWhole: boolean): Promise<void>;
}

/** With the timeout and a look less than the shortest `validForMs` by four minutes: so long Alertmanager may be away, and nothing runs out there. */
const LONGEST_STATE_REST_MS = 30_000;
/** A sink that is back is told of what began meanwhile after no longer than this. */
const LONGEST_EVENT_REST_MS = 2 * 60_000;
/** So often it is noted that an alert still holds. */
const NOTE_MS = 5 * 60_000;

interface Resting<Sink> {
  readonly sink: Sink;
  /** Of its alerts by key, or of itself by name. */
  readonly rests: Rests;
}

/** Without those that rest; what was not tried yet first, and of these the graver ones. */
function inTurn(waiting: readonly [string, Alert][], rests: Rests, nowMs: number): [string, Alert][] {
  const isPage = (alert: Alert): number => Number(alert.labels.severity === 'page');
  return waiting
    .filter(([key]) => !rests.isResting(key, nowMs))
    .sort(([a, one], [b, other]) => rests.untilMs(a) - rests.untilMs(b) || isPage(other) - isPage(one));
}

/** Rejects when the time is over, also where a sink does not listen to its signal. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));

export function makeDispatch({ eventSinks, stateSinks, told, publicUrl, now, onTry, timeoutMs = 20_000 }: DispatchParts): Dispatch {
  const busy = new Set<string>();
  const events = eventSinks.map((sink) => ({ sink, rests: makeRests(LONGEST_EVENT_REST_MS) }));
  const states = stateSinks.map((sink) => ({ sink, rests: makeRests(LONGEST_STATE_REST_MS) }));
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

  /** Runs `work` unless the sink is still at it. */
  async function unlessBusy(sink: string, work: () => Promise<void>): Promise<void> {
    if (busy.has(sink)) return;
    busy.add(sink);
    await work().finally(() => busy.delete(sink));
  }

  /** @returns Whether it was taken. */
  async function attempt(sink: string, rests: Rests, key: string, send: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      await Promise.race([send(signal), aborted(signal)]);
      rests.took(key);
      onTry(sink, 'ok');
      return true;
    } catch (error) {
      rests.failed(key, now());
      onTry(sink, 'failed', error);
      return false;
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

  async function tellEvents(
    { sink, rests }: Resting<EventSink>,
    current: ReadonlyMap<string, Alert>,
    isWhole: boolean,
    nowMs: number,
  ): Promise<void> {
    note(sink.name, current, nowMs);
    const statusOf = ([key, alert]: [string, Alert]): Notification['status'] | undefined => due(alert, told.of(key, sink.name));
    await unlessBusy(sink.name, async () => {
      const waiting = [...current, ...(isWhole ? lost(sink.name, current, nowMs) : [])].filter((each) => statusOf(each) !== undefined);
      rests.keepOnly(new Set(waiting.map(([key]) => key)));
      for (const [key, alert] of inTurn(waiting, rests, nowMs)) {
        // By now the alerts may be others; those that were not tried have their turn first at the next look.
        if (now() - nowMs >= timeoutMs) return;
        const status = statusOf([key, alert]);
        if (status === undefined) continue;
        if (!(await attempt(sink.name, rests, key, (signal) => sink.send(notify(key, alert, status), signal)))) continue;
        const isOver = status === 'resolved';
        told.remember(key, sink.name, {
          status: isOver ? 'resolved' : alert.labels.severity,
          heldMs: now(),
          alert: isOver ? null : alert,
        });
      }
    });
  }

  async function tellState(
    { sink, rests }: Resting<StateSink>,
    current: ReadonlyMap<string, Alert>,
    validForMs: number,
    nowMs: number,
  ): Promise<void> {
    if (current.size === 0 || rests.isResting(sink.name, nowMs)) return;
    const notifications = [...current].map(([key, alert]) => notify(key, alert, alert.endsAtMs === null ? 'firing' : 'resolved'));
    await unlessBusy(sink.name, async () => {
      await attempt(sink.name, rests, sink.name, (signal) => sink.send(notifications, validForMs, nowMs, signal));
    });
  }

  /** Sinks of events have to wait until it is known what they were told. */
  async function tellAllEvents(current: ReadonlyMap<string, Alert>, isWhole: boolean, nowMs: number): Promise<void> {
    if (events.length === 0) return;
    await told.refresh(nowMs);
    await Promise.all(events.map((each) => tellEvents(each, current, isWhole, nowMs)));
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
      await Promise.all([...states.map((each) => tellState(each, current, validForMs, nowMs)), tellAllEvents(current, isWhole, nowMs)]);
    },
  };
}
