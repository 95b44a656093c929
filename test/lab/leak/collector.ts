/** A collector in its own network, with TLS; it writes to the storage at home. */
import { startCollector } from '@outcry/collector';
import type { CollectorOptions } from '@outcry/collector';
import { createStorageClient } from '@outcry/storage';
import type { StorageConnection } from '@outcry/storage';
import { serveCalls } from '../role.js';

serveCalls({
  async start({ options, storage }: { options: Omit<CollectorOptions, 'storage' | 'log'>; storage: StorageConnection }) {
    const collector = await startCollector({ ...options, storage: createStorageClient(storage), log: () => undefined });
    return collector.url;
  },
});
