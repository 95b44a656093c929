/** A real collector over a real embedded engine, without limits per network. Tells its address to the parent. */
import { startCollector } from '@outcry/collector';
import { createStorageClient } from '@outcry/storage';

process.once('message', async ({ connection, dataDir, keys }) => {
  const collector = await startCollector({
    name: 'bench',
    host: '127.0.0.1',
    port: 0,
    dataDir,
    keys,
    projects: { shop: { hosts: ['api.shop.example', 'cdn.shop.example'], routes: ['checkout', 'cart'], stage: 'production' } },
    storage: createStorageClient(connection),
    limits: { uploadsPerSecond: 1e6, uploadBurst: 1e6, signersPerHour: 4096 },
  });
  process.on('message', () => void collector.drained().then(() => process.send({ drained: true })));
  process.send({ url: `${collector.url}/v1/reports` });
});
process.on('disconnect', () => process.exit());
