/** A collector in a process of its own, from the built packages, for tests that kill it. Options come as JSON in the argument. */
import { startCollector } from '@outcry/collector';
import { createStorageClient } from '@outcry/storage';

const { connection, ...options } = JSON.parse(process.argv[2]);
const collector = await startCollector({ ...options, storage: createStorageClient(connection), log: () => undefined });
process.on('message', async (message) => {
  if (message !== 'drain') return;
  await collector.drained();
  process.send({ drained: true });
});
process.on('disconnect', () => process.exit());
process.send({ url: collector.url });
