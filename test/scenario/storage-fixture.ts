/** An embedded engine in a directory of its own, for tests. The owner process runs from `dist`, so the room is built first. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createStorageClient, startStorage, type ClickHouseClient, type StorageHandle, type StorageOptions } from '@outcry/storage';

const root = new URL('../..', import.meta.url).pathname;

export interface OpenStorage {
  readonly dataDir: string;
  readonly storage: StorageHandle;
  readonly client: ClickHouseClient;
  /** Rows of a query, 64-bit numbers as strings. */
  ask<T = Record<string, unknown>>(query: string): Promise<T[]>;
  run(query: string): Promise<void>;
  /** Ends the engine and keeps its data. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

const build = async (room: string): Promise<void> =>
  void (await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', join(root, room)]));

export const buildStorage = (): Promise<void> => build('storage');
/** The collector and storage below it; workers run from `dist`, too. */
export const buildCollector = (): Promise<void> => build('collector');

export async function openStorage(options: Partial<StorageOptions> = {}): Promise<OpenStorage> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'outcry-test-')));
  const storage = await startStorage({ ...options, dataDir });
  const client = createStorageClient(storage.connection);
  const stop = async (): Promise<void> => {
    await client.close();
    await storage.close();
  };
  return {
    dataDir,
    storage,
    client,
    async ask<T>(query: string) {
      const result = await client.query({ query, format: 'JSONEachRow' });
      return result.json<T>();
    },
    run: async (query) => void (await client.command({ query })),
    stop,
    async close() {
      await stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
