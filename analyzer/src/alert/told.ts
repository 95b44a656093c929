/** Which event sinks were told what: in storage, so that neither a restart nor a second analyzer tells it again, and no end is forgotten. */
import type { ClickHouseClient } from '@outcry/storage';
import { ask, seconds } from '../queries/ask.js';
import type { Question } from '../queries/ask.js';
import type { Alert, Severity } from './alert.js';
import { alertOf, documentOf } from './stored-alert.js';

/** What a sink was told of an alert. */
export interface ToldState {
  /** The severity that was told, or that it was over. */
  readonly status: Severity | 'resolved';
  /** When some analyzer last saw it hold, or told it as over, ms. */
  readonly heldMs: number;
  /** As it was then; null once it is over, and where an older analyzer told it. */
  readonly alert: Alert | null;
}

interface ToldRow {
  readonly alert: string;
  readonly sink: string;
  readonly status: ToldState['status'];
  /** `heldMs` in seconds. */
  readonly time: number;
  readonly document: string;
}

/** What held is noted again while it holds, so it is never as old as this. */
const LOOK_BACK_MS = 30 * 86_400_000;
/** Storage that hangs holds up no sink for longer. */
const LONGEST_WAIT_MS = 10_000;

const toldAlerts: Question<{ from: number }, ToldRow> = {
  sql: `
    SELECT alert, toString(sink) AS sink, toString(status) AS status, toUInt32(notifications.time) AS time, document
    FROM notifications FINAL
    WHERE notifications.time >= toDateTime({from:UInt32}, 'UTC')`,
};

const keyOf = (alert: string, sink: string): string => `${alert} ${sink}`;

export interface Told {
  /**
   * Reads what other processes, or this one before its start, have told. Keeps what is known where storage is away, and tries to store what
   * is not stored yet. Never rejects.
   */
  refresh(nowMs: number): Promise<void>;
  of(alert: string, sink: string): ToldState | undefined;
  /** What a sink was told and was not told to be over, by alert. */
  open(sink: string): ReadonlyMap<string, ToldState>;
  /** Remembers at once; stores as soon as storage takes it. */
  remember(alert: string, sink: string, state: ToldState): void;
}

export function toldIn(client: ClickHouseClient, longestWaitMs = LONGEST_WAIT_MS): Told {
  const known = new Map<string, ToldState & { readonly of: string; readonly sink: string }>();
  const unsaved = new Map<string, ToldRow>();
  let saving: Promise<void> | undefined;
  let reading: Promise<void> | undefined;

  async function save(): Promise<void> {
    while (unsaved.size > 0) {
      const rows = [...unsaved];
      await client.insert({ table: 'notifications', values: rows.map(([, row]) => row), format: 'JSONEachRow' });
      for (const [key, row] of rows) if (unsaved.get(key) === row) unsaved.delete(key);
    }
  }
  /** What storage does not take now is tried again at the next look. */
  function startSaving(): void {
    saving ??= save()
      .catch(() => undefined)
      .finally(() => (saving = undefined));
  }

  async function read(nowMs: number): Promise<void> {
    // Of what was remembered lately this process knows more than the answer may hold.
    const before = new Map(known);
    const late = new Set(unsaved.keys());
    startSaving();
    const rows = await ask(client, toldAlerts, { from: seconds(nowMs - LOOK_BACK_MS) }).catch(() => []);
    for (const { alert: of, sink, status, time, document } of rows) {
      const key = keyOf(of, sink);
      if (late.has(key) || known.get(key) !== before.get(key)) continue;
      known.set(key, { of, sink, status, heldMs: time * 1000, alert: alertOf(document) });
    }
  }

  return {
    async refresh(nowMs) {
      reading ??= read(nowMs).finally(() => (reading = undefined));
      let timer: NodeJS.Timeout | undefined;
      const waited = new Promise<void>((resolve) => (timer = setTimeout(resolve, longestWaitMs)));
      await Promise.race([reading, waited]);
      clearTimeout(timer);
    },
    of: (alert, sink) => known.get(keyOf(alert, sink)),
    open: (sink) =>
      new Map([...known.values()].filter((told) => told.sink === sink && told.status !== 'resolved').map((told) => [told.of, told])),
    remember(alert, sink, state) {
      const key = keyOf(alert, sink);
      known.set(key, { ...state, of: alert, sink });
      const document = state.alert === null ? '' : documentOf(state.alert);
      unsaved.set(key, { alert, sink, status: state.status, time: seconds(state.heldMs), document });
      startSaving();
    },
  };
}
