/** Storage as the other services get it: the embedded engine's owner process, or a server elsewhere; the schema brought up to date. */
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutcryError } from '@outcry/protocol';
import {
  checkServer,
  createStorageClient,
  migrate,
  startStorage,
  type ClickHouseClient,
  type StorageConnection,
  type StorageOptions,
} from '@outcry/storage';
import type { Config } from '../config/schema.js';

export interface Storage {
  readonly connection: StorageConnection;
  readonly client: ClickHouseClient;
  /** In words, for the lines that say what runs where. */
  readonly where: string;
  close(): Promise<void>;
}

/** Where a running embedded engine leaves its address. */
export const connectionFile = (dataDir: string): string => join(dataDir, 'storage.json');
/** The embedded engine's own directory. */
export const engineDir = (dataDir: string): string => join(dataDir, 'storage');

/** An address as it may be printed: people put passwords into URLs. */
function withoutLogin(text: string): string {
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.href;
}

/** The server that the settings name, or undefined for the embedded engine. */
export function configuredConnection({ storage }: Config): StorageConnection | undefined {
  const { url, username, password, database } = storage;
  if (url === undefined) return undefined;
  return {
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
  };
}

async function bringUpToDate(client: ClickHouseClient, { storage, projects }: Config): Promise<void> {
  await checkServer(client);
  const own = Object.entries(projects).flatMap(([name, { retention_days: days }]) => (days === undefined ? [] : [[name, days] as const]));
  await migrate(client, {
    retentionDays: storage.retention_days,
    projectRetentionDays: Object.fromEntries(own),
    ...(storage.cluster === undefined ? {} : { cluster: storage.cluster }),
  });
}

/**
 * Opens the storage of this configuration. The embedded engine is started here and its address left in the data directory,
 * so that commands beside it (`tail`) find it.
 *
 * Rejects with the coded errors of `@outcry/storage`.
 */
export async function openStorage(config: Config, { listen, log }: Pick<StorageOptions, 'listen' | 'log'> = {}): Promise<Storage> {
  const remote = configuredConnection(config);
  if (remote !== undefined) {
    const client = createStorageClient(remote);
    await bringUpToDate(client, config);
    return { connection: remote, client, where: `the ClickHouse server at ${withoutLogin(remote.url)}`, close: () => client.close() };
  }
  const handle = await startStorage({ dataDir: engineDir(config.data_dir), ...(listen && { listen }), ...(log && { log }) });
  const { connection } = handle;
  const client = createStorageClient(connection);
  const file = connectionFile(config.data_dir);
  try {
    await bringUpToDate(client, config);
    writeFileSync(file, JSON.stringify(connection), { mode: 0o600 });
    chmodSync(file, 0o600);
  } catch (error) {
    await client.close();
    await handle.close();
    throw error;
  }
  return {
    connection,
    client,
    where: `embedded ClickHouse engine in ${engineDir(config.data_dir)} (pid ${handle.pid()})`,
    close: async () => {
      rmSync(file, { force: true });
      await client.close();
      await handle.close();
    },
  };
}

/**
 * The storage that runs already: the configured server, or the engine that a running `serve`, `demo` or `storage` left its address of.
 *
 * Throws `OUTCRY_STORAGE_UNREACHABLE` when there is neither.
 */
export function findStorage(config: Config): StorageConnection {
  const remote = configuredConnection(config);
  if (remote !== undefined) return remote;
  try {
    return JSON.parse(readFileSync(connectionFile(config.data_dir), 'utf8')) as StorageConnection;
  } catch {
    throw new OutcryError(
      'OUTCRY_STORAGE_UNREACHABLE',
      `no storage runs on ${config.data_dir}: start \`outcry serve\`, or set storage.url`,
    );
  }
}
