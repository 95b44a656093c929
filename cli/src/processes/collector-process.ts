/** One collector in a process of its own, so that the end of one does not take the other; its workers are children of it. */
import { startCollector, startWorkers, type Collector, type CollectorOptions } from '@outcry/collector';
import { createStorageClient, type StorageConnection } from '@outcry/storage';
import { logLine } from './log-line.js';
import { runRole } from './run-role.js';

export interface CollectorSettings {
  readonly options: Omit<CollectorOptions, 'storage' | 'log'>;
  readonly storage: StorageConnection;
  /** 1 takes uploads in this process itself. */
  readonly workers: number;
}

runRole(async (settings) => {
  const { options, storage, workers } = settings as CollectorSettings;
  const client = createStorageClient(storage);
  const collector: Collector =
    workers === 1
      ? await startCollector({ ...options, storage: client, log: logLine })
      : await startWorkers({ ...options, storage, workers, log: logLine });
  return {
    facts: { url: collector.url },
    stop: async () => {
      await collector.close();
      await client.close();
    },
  };
});
