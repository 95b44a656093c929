/**
 * A collector of several processes: workers that share one port and one journal. This process takes connections and hands them round;
 * it opens no envelope. Whichever worker holds the lease drains the journal; when that one dies, the next takes it over.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { OutcryError } from '@outcry/protocol';
import { supervise, type Crowd, type StorageConnection, type Supervisor } from '@outcry/storage';
import { crowds } from '../intake/crowds.js';
import { newClaimant } from '../journal/claim.js';
import { logToStdout } from '../log.js';
import { checkOptions, isLoopback, type CollectorOptions } from '../options.js';
import type { Collector } from '../start-collector.js';
import type { CrowdQuestion, WorkerTask } from './messages.js';
import { poolMetrics } from './pool-metrics.js';
import { shareLimits } from './share-limits.js';
import { startWorker, type WorkerProcess } from './worker-process.js';

export interface WorkersOptions extends Omit<CollectorOptions, 'storage' | 'now'> {
  readonly storage: StorageConnection;
  /** Processes that take uploads, 1 to 256; one per core is a good number. */
  readonly workers: number;
}

export interface CollectorPool extends Collector {
  /** Process ids of the workers, which change when they are restarted. */
  readonly pids: () => number[];
}

const LOOPBACK = '127.0.0.1';
const MAX_WORKERS = 256;
/** What a worker gets beyond its own times for stopping before it is killed. */
const STOP_SLACK_MS = 2_000;

/** The port that all workers listen on, found free just now: every later life of one has to be told the same. */
async function findPort(host: string, asked: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'EADDRINUSE' ? 'OUTCRY_PORT_TAKEN' : 'OUTCRY_BAD_CONFIG';
      reject(new OutcryError(code, `${host}:${asked} cannot be bound`));
    });
    server.listen(asked, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Starts a collector of several worker processes. One that ends or falls silent is started again; the others go on meanwhile.
 *
 * Throws as `startCollector` does.
 */
export async function startWorkers({ workers, storage, log = logToStdout, ...given }: WorkersOptions): Promise<CollectorPool> {
  if (!Number.isInteger(workers) || workers < 1 || workers > MAX_WORKERS) throw new OutcryError('OUTCRY_BAD_CONFIG', 'workers');
  checkOptions(given);
  const { tls, host } = given;
  const port = await findPort(tls === undefined && !isLoopback(host) ? LOOPBACK : host, given.port);
  const limits = shareLimits(given.limits ?? {}, workers);
  const prefixSecret = randomBytes(16).toString('base64');
  const task: WorkerTask = { options: { ...given, port, limits }, storage, claimant: newClaimant(), prefixSecret };
  const crowdOf = crowds(limits.prefixes);
  const rank = ({ prefixKey, project, hosts, signer, nowMs }: CrowdQuestion): Crowd =>
    crowdOf({ prefixKey, isPrivate: false }, project, hosts, BigInt(signer), nowMs);
  const running: Supervisor<WorkerProcess>[] = [];
  const current = (): WorkerProcess[] => running.map((worker) => worker.current());
  const metrics = poolMetrics(async () => {
    const living = current();
    const measured = await Promise.all(living.map((worker) => worker.measure()));
    return new Map(living.map(({ pid }, index) => [pid, measured[index]]));
  });
  const start = (): Promise<WorkerProcess> => startWorker(task, { log, allMetrics: () => metrics.text(), rank });
  const keep = (first: WorkerProcess): void => {
    const name = `a worker of collector ${given.name}`;
    const termGraceMs = limits.stopDelayMs + 2 * limits.closeAfterMs + STOP_SLACK_MS;
    running.push(supervise(first, start, { name, termGraceMs, log: (message) => log({ level: 'warn', message }) }));
  };
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((worker) => worker.stop()));
  };

  // The first one alone: it makes the journal and the network table, and finds whatever is wrong with the options.
  const first = await start();
  keep(first);
  try {
    const others = await Promise.allSettled(Array.from({ length: workers - 1 }, start));
    for (const other of others) if (other.status === 'fulfilled') keep(other.value);
    for (const other of others) if (other.status === 'rejected') throw other.reason;
  } catch (error) {
    await stop();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    url: first.url,
    port,
    pids: () => current().map(({ pid }) => pid),
    drained: async () => {
      await Promise.all(current().map((worker) => worker.drained()));
    },
    close: () => (closing ??= stop()),
  };
}
