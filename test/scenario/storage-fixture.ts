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
  close(): Promise<void>;
}

export async function buildStorage(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', join(root, 'storage')]);
}

export async function openStorage(options: Partial<StorageOptions> = {}): Promise<OpenStorage> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'outcry-test-')));
  const storage = await startStorage({ ...options, dataDir });
  const client = createStorageClient(storage.connection);
  return {
    dataDir,
    storage,
    client,
    async ask<T>(query: string) {
      const result = await client.query({ query, format: 'JSONEachRow' });
      return result.json<T>();
    },
    run: async (query) => void (await client.command({ query })),
    async close() {
      await client.close();
      await storage.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
