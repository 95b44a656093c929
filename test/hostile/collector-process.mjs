/** A collector in a process of its own, from the built packages, that tells the processor time it used. Options come as JSON in the argument. */
import { startCollector } from '@outcry/collector';
import { createStorageClient } from '@outcry/storage';

const { connection, ...options } = JSON.parse(process.argv[2]);
const collector = await startCollector({ ...options, storage: createStorageClient(connection) });
process.on('message', async (message) => {
  if (message === 'cpu') {
    const { user, system } = process.cpuUsage();
    process.send({ cpuUs: user + system });
  } else if (message === 'drain') {
    await collector.drained();
    process.send({ drained: true });
  } else if (message === 'throw') {
    // A fault of ours that nothing catches, as a worker would meet it.
    setTimeout(() => {
      throw new TypeError('made to fail');
    });
  }
});
process.on('disconnect', () => process.exit());
process.send({ url: collector.url });
