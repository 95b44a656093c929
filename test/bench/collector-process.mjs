/** A real collector without limits per network, of one process or of several workers. Tells its address and its processes to the parent. */
import { startCollector, startWorkers } from '@outcry/collector';
import { createStorageClient } from '@outcry/storage';

process.once('message', async ({ connection, dataDir, keys, workers = 1 }) => {
  const options = {
    name: 'bench',
    host: '127.0.0.1',
    port: 0,
    dataDir,
    keys,
    projects: { shop: { hosts: ['api.shop.example', 'cdn.shop.example'], routes: ['checkout', 'cart'], stage: 'production' } },
    limits: { uploadsPerSecond: 1e6, uploadBurst: 1e6, signersPerHour: 4096, uploadsInWorkPerPrefix: 512 },
    log: () => undefined,
  };
  const collector =
    workers === 1
      ? await startCollector({ ...options, storage: createStorageClient(connection) })
      : await startWorkers({ ...options, storage: connection, workers });
  process.on('message', () => void collector.drained().then(() => process.send({ drained: true })));
  process.send({ url: `${collector.url}/v1/reports`, pids: [process.pid, ...(collector.pids?.() ?? [])] });
});
process.on('disconnect', () => process.exit());
