import { Readable } from 'node:stream';
import { ClickHouseError, type ClickHouseClient, type ClickHouseSettings } from '@clickhouse/client';
import { COLUMNS } from './columns.js';
import type { RowOfTable, RowTable } from './rows.js';

/** Well below the overlap of a refresh (2 min): a row is visible soon after the moment that `inserted_at` names. */
const MAX_INSERT_S = 60;

/** The token makes a repeated insert harmless; the rest is strictness. */
function settingsOf(token: string): ClickHouseSettings {
  return {
    async_insert: 0,
    insert_deduplicate: 1,
    insert_deduplication_token: token,
    input_format_null_as_default: 0,
    // Otherwise a first row that looks like the columns' names would be taken for a header.
    input_format_tsv_detect_header: 0,
    max_execution_time: MAX_INSERT_S,
  };
}

async function withoutRows<T>(table: string, inserting: Promise<T>): Promise<void> {
  try {
    await inserting;
  } catch (error) {
    if (!(error instanceof ClickHouseError)) throw error;
    // A new one: the stack of the server's error begins with its message too.
    const message = `${table} did not take a batch: ${error.type ?? 'error'} (code ${error.code})`;
    throw new ClickHouseError({ message, code: error.code, ...(error.type === undefined ? {} : { type: error.type }) });
  }
}

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
  const columns = COLUMNS[table].map(({ name }) => name) as [string, ...string[]];
  const values = rows.map((row) => toValues(row, columns));
  await withoutRows(table, client.insert({ table, columns, format: 'JSONCompactEachRow', values, clickhouse_settings: settingsOf(token) }));
}

/**
 * Inserts one batch as `insertRows` does, from text that is encoded already: a fraction of the cost for whoever has no row objects.
 *
 * @param columns - The columns of the text, in its order: each of the table's, once.
 * @param text - Rows of ClickHouse's `TabSeparated` format: values escaped, a line feed after every row.
 * Rejects as `insertRows` does.
 */
export async function insertEncoded(
  client: ClickHouseClient,
  table: RowTable,
  columns: readonly [string, ...string[]],
  text: Uint8Array,
  token: string,
): Promise<void> {
  if (text.length === 0) return;
  const values = Readable.from([text], { objectMode: false });
  await withoutRows(
    table,
    client.insert({ table, columns: [...columns], format: 'TabSeparated', values, clickhouse_settings: settingsOf(token) }),
  );
}

/** The values in column order. A text that is absent is '', and text is made well-formed: a lone surrogate fails a whole batch. */
function toValues(row: object, names: readonly string[]): unknown[] {
  const values = row as Readonly<Record<string, unknown>>;
  return names.map((name) => {
    const value = values[name];
    if (typeof value === 'string') return wellFormed(value);
    return value ?? '';
  });
}

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
function wellFormed(text: string): string {
  return text.replace(LONE_SURROGATE, '\uFFFD');
}
