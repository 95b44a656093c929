/** A worker: one collector of several that share a port and a journal. Runs what the process that forked it sends, and ends with it. */
import { OutcryError } from '@outcry/protocol';
import { createStorageClient } from '@outcry/storage';
import { Registry } from 'prom-client';
import { startCollector, type Collector } from '../start-collector.js';
import { DEFAULT_LIMITS } from '../limits.js';
import { crowdAsker } from './ask-crowd.js';
import type { FromWorker, ToWorker, WorkerTask } from './messages.js';

const ALIVE_EVERY_MS = 1_000;

const tell = (message: FromWorker): void => {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};

const registry = new Registry();
let collector: Collector | undefined;
const asker = crowdAsker((id, of) => tell({ is: 'wants_crowd', id, of }), DEFAULT_LIMITS.prefixes);
let asked = 0;
const wanted = new Map<number, (text: string) => void>();

function allMetrics(): Promise<string> {
  asked += 1;
  const id = asked;
  return new Promise((resolve) => {
    wanted.set(id, resolve);
    tell({ is: 'wants_metrics', id });
  });
}

async function start({ options, storage, claimant, prefixSecret }: WorkerTask): Promise<void> {
  const client = createStorageClient(storage);
  const log = (entry: Extract<FromWorker, { is: 'log' }>['entry']): void => tell({ is: 'log', entry });
  const running = await startCollector(
    { ...options, storage: client, log },
    { claimant, registry, metricsText: allMetrics, crowdOf: asker.crowdOf, prefixSecret: Buffer.from(prefixSecret, 'base64') },
  );
  collector = running;
  tell({ is: 'ready', url: running.url, port: running.port });
  setInterval(() => tell({ is: 'alive' }), ALIVE_EVERY_MS).unref();
}

process.on('message', (message: ToWorker) => {
  // Node's own messages of shared ports pass through here, too.
  if (!('do' in message)) return;
  switch (message.do) {
    case 'start':
      start(message.task).catch((error: unknown) => {
        const code = error instanceof OutcryError ? error.code : undefined;
        const failed: FromWorker = { is: 'failed', code, message: error instanceof Error ? error.message : String(error) };
        process.send?.(failed, undefined, undefined, () => process.exit(1));
      });
      break;
    case 'drain':
      void collector?.drained().then(() => tell({ is: 'drained', id: message.id }));
      break;
    case 'measure':
      void registry.getMetricsAsJSON().then((metrics) => tell({ is: 'measured', id: message.id, metrics }));
      break;
    case 'rank':
      asker.answer(message.id, message.crowd);
      break;
    case 'show':
      wanted.get(message.id)?.(message.text);
      wanted.delete(message.id);
  }
});
tell({ is: 'listening' });
// Ctrl-C reaches the whole process group; when to stop is for the parent to say.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
process.on('SIGTERM', () => {
  void (async () => {
    await collector?.close();
    process.exit(0);
  })();
});
