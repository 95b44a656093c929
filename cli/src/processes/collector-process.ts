/** One collector in a process of its own, so that the end of one does not take the other. */
import { startCollector, type CollectorOptions } from '@outcry/collector';
import { createStorageClient, type StorageConnection } from '@outcry/storage';
import { logLine } from './log-line.js';
import { runRole } from './run-role.js';

export interface CollectorSettings {
  readonly options: Omit<CollectorOptions, 'storage' | 'log'>;
  readonly storage: StorageConnection;
}

runRole(async (settings) => {
  const { options, storage } = settings as CollectorSettings;
  const client = createStorageClient(storage);
  const collector = await startCollector({ ...options, storage: client, log: logLine });
  return {
    facts: { url: collector.url },
    stop: async () => {
      await collector.close();
      await client.close();
    },
  };
});
