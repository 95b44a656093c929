import { Agent } from 'node:http';
import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';

/** Where a ClickHouse server answers: the embedded engine's front, or any remote server. */
export interface StorageConnection {
  /** `http:` or `https:` URL; with `socketPath` only its form matters. */
  readonly url: string;
  /** Unix socket on which the server listens. */
  readonly socketPath?: string;
  readonly username?: string;
  readonly password?: string;
  readonly database?: string;
}

/** A refresh or a long report may take this long; an insert is bounded apart. */
const REQUEST_TIMEOUT_MS = 120_000;
const MAX_CONNECTIONS = 10;

/**
 * Makes a client for a connection; the same code for the embedded engine and for a remote server. Opens nothing and checks nothing.
 * Unless a query asks otherwise, 64-bit numbers come as strings in JSON, and FINAL works within partitions.
 *
 * @returns A client to be closed with `close()`. Result sets have to be read to the end or closed, else its 10 sockets run out.
 * Throws what `@clickhouse/client` throws for a malformed URL.
 */
export function createStorageClient(connection: StorageConnection): ClickHouseClient {
  const { url, socketPath, username, password, database } = connection;
  return createClient({
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    request_timeout: REQUEST_TIMEOUT_MS,
    max_open_connections: MAX_CONNECTIONS,
    application: 'outcry',
    clickhouse_settings: {
      // Servers differ in their default; a 64-bit id would lose its last digits as a number of JSON.
      output_format_json_quote_64bit_integers: 1,
      // All versions of a row lie in one partition, in every table of the schema.
      do_not_merge_across_partitions_select_final: 1,
    },
    // Its log lines quote server messages, and those quote contents of rows.
    log: { level: ClickHouseLogLevel.OFF },
    ...(socketPath === undefined ? {} : { http_agent: socketAgent(socketPath) }),
  });
}

function socketAgent(socketPath: string): Agent {
  // The agent hands its options on to net.connect, which knows `socketPath` by the name `path`; the types know neither.
  const options = { socketPath, keepAlive: true, maxSockets: MAX_CONNECTIONS };
  return new Agent(options);
}
