/** The table `notifications` without an engine, for several analyzers at once; it can be away or hang. */
import type { ClickHouseClient } from '@outcry/storage';

interface Row {
  readonly alert: string;
  readonly sink: string;
  readonly status: string;
  readonly time: number;
  readonly document: string;
}

export interface StoredNotifications {
  readonly client: ClickHouseClient;
  readonly rows: Map<string, Row>;
  /** `full`: questions are answered, inserts are refused; `hangs`: neither is ever answered. */
  mode: 'answers' | 'full' | 'away' | 'hangs';
  /** Answers questions about other tables; by itself nothing is in them. */
  others: (query: string) => Promise<{ json(): Promise<unknown[]> }>;
}

export function storedNotifications(): StoredNotifications {
  const rows = new Map<string, Row>();
  const answer = <T>(value: () => T): Promise<T> => {
    if (stored.mode === 'hangs') return new Promise(() => undefined);
    return stored.mode === 'away' ? Promise.reject(new Error('away')) : Promise.resolve(value());
  };
  const client = {
    insert: ({ values }: { values: readonly Row[] }) =>
      stored.mode === 'full'
        ? Promise.reject(new Error('full'))
        : answer(() => values.forEach((row) => rows.set(`${row.alert} ${row.sink}`, row))),
    query: ({ query, query_params: { from } }: { query: string; query_params: { from: number } }) => {
      if (!query.includes('FROM notifications')) return stored.others(query);
      return answer(() => ({ json: () => Promise.resolve([...rows.values()].filter(({ time }) => time >= from)) }));
    },
  };
  const stored: StoredNotifications = {
    client: client as unknown as ClickHouseClient,
    rows,
    mode: 'answers',
    others: () => Promise.resolve({ json: () => Promise.resolve([]) }),
  };
  return stored;
}
