/** A collector in a process of its own, from the built packages, for tests that kill it. Options come as JSON in the argument. */
import { startCollector, startWorkers } from '@outcry/collector';
import { createStorageClient } from '@outcry/storage';

const { connection, workers = 1, ...options } = JSON.parse(process.argv[2]);
const log = () => undefined;
const collector =
  workers === 1
    ? await startCollector({ ...options, storage: createStorageClient(connection), log })
    : await startWorkers({ ...options, storage: connection, workers, log });
process.on('message', async (message) => {
  if (message === 'drain') {
    await collector.drained();
    process.send({ drained: true });
  } else if (message === 'pids') process.send({ pids: collector.pids?.() ?? [process.pid] });
});
process.on('disconnect', () => process.exit());
process.send({ url: collector.url });
