/** Which event sinks were told what: in storage, so that neither a restart nor a second analyzer tells it again. */
import type { ClickHouseClient } from '@outcry/storage';
import { ask, seconds } from '../queries/ask.js';
import type { Question } from '../queries/ask.js';

import type { Severity } from './alert.js';

/** The severity that was told, or that it was over. */
export type ToldStatus = Severity | 'resolved';

interface ToldRow {
  readonly alert: string;
  readonly sink: string;
  readonly status: ToldStatus;
}

/** Longer than any spike is told of. */
const LOOK_BACK_MS = 30 * 86_400_000;

const toldAlerts: Question<{ from: number }, ToldRow> = {
  sql: `
    SELECT alert, toString(sink) AS sink, toString(status) AS status
    FROM notifications FINAL
    WHERE notifications.time >= toDateTime({from:UInt32}, 'UTC')`,
};

const keyOf = (alert: string, sink: string): string => `${alert} ${sink}`;

export interface Told {
  /** Reads what other processes, or this one before its start, have told. Keeps what is known where storage is away. */
  refresh(nowMs: number): Promise<void>;
  status(alert: string, sink: string): ToldStatus | undefined;
  /** Remembers; never rejects. */
  remember(alert: string, sink: string, status: ToldStatus, nowMs: number): Promise<void>;
}

export function toldIn(client: ClickHouseClient): Told {
  const known = new Map<string, ToldStatus>();
  return {
    async refresh(nowMs) {
      const rows = await ask(client, toldAlerts, { from: seconds(nowMs - LOOK_BACK_MS) }).catch(() => []);
      for (const { alert, sink, status } of rows) known.set(keyOf(alert, sink), status);
    },
    status: (alert, sink) => known.get(keyOf(alert, sink)),
    async remember(alert, sink, status, nowMs) {
      known.set(keyOf(alert, sink), status);
      const values = [{ alert, sink, status, time: seconds(nowMs) }];
      await client.insert({ table: 'notifications', values, format: 'JSONEachRow' }).catch(() => undefined);
    },
  };
}
