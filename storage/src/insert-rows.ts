import { ClickHouseError, type ClickHouseClient } from '@clickhouse/client';
import { COLUMNS } from './columns.js';
import type { RowOfTable, RowTable } from './rows.js';

/** Well below the overlap of a refresh (2 min): a row is visible soon after the moment that `inserted_at` names. */
const MAX_INSERT_S = 60;

/**
 * Inserts one batch, whole or not at all; 5,000 to 20,000 rows are a good size.
 *
 * @param token - Names the batch, such as `<journal id>:<number>`. The same token again is dropped while the server remembers it
 * (10,000 batches); beyond that the rows' ids keep every count right (ADR 0002).
 * Rejects with `ClickHouseError`, whose message is cut to its type because the server quotes contents of rows, or with an Error of the
 * connection. After codes that speak of the data (25, 27, 33, 53, 70 …) the same batch cannot succeed;
 * after all others it is to be repeated with the same token.
 */
export async function insertRows<T extends RowTable>(
  client: ClickHouseClient,
  table: T,
  rows: readonly RowOfTable[T][],
  token: string,
): Promise<void> {
  if (rows.length === 0) return;
  const names = COLUMNS[table].map(({ name }) => name) as [string, ...string[]];
  try {
    await client.insert({
      table,
      columns: names,
      format: 'JSONCompactEachRow',
      values: rows.map((row) => toValues(row, names)),
      clickhouse_settings: {
        async_insert: 0,
        insert_deduplicate: 1,
        insert_deduplication_token: token,
        input_format_null_as_default: 0,
        max_execution_time: MAX_INSERT_S,
      },
    });
  } catch (error) {
    if (!(error instanceof ClickHouseError)) throw error;
    // A new one: the stack of the server's error begins with its message too.
    const message = `${table} did not take a batch: ${error.type ?? 'error'} (code ${error.code})`;
    throw new ClickHouseError({ message, code: error.code, ...(error.type === undefined ? {} : { type: error.type }) });
  }
}

/** The values in column order. A text that is absent is '', and text is made well-formed: a lone surrogate fails a whole batch. */
function toValues(row: object, names: readonly string[]): unknown[] {
  const values = row as Readonly<Record<string, unknown>>;
  return names.map((name) => {
    const value = values[name];
    if (typeof value === 'string') return wellFormed(value);
    return value === null ? '' : value;
  });
}

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
function wellFormed(text: string): string {
  return text.replace(LONE_SURROGATE, '\uFFFD');
}
