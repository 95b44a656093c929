/** The analyzer in a process of its own. */
import { startAnalyzer, type AnalyzerOptions } from '@outcry/analyzer';
import { createStorageClient, type StorageConnection } from '@outcry/storage';
import { logLine } from './log-line.js';
import { runRole } from './run-role.js';

export interface AnalyzerSettings {
  readonly options: Omit<AnalyzerOptions, 'client' | 'log'>;
  readonly storage: StorageConnection;
}

runRole(async (settings) => {
  const { options, storage } = settings as AnalyzerSettings;
  const client = createStorageClient(storage);
  const analyzer = await startAnalyzer({ ...options, client, log: logLine });
  return {
    facts: { url: analyzer.url },
    stop: async () => {
      await analyzer.close();
      await client.close();
    },
  };
});
