/** The parent's side of one life of a worker: from its start to its exit. */
import cluster from 'node:cluster';
import { ERRORS, OutcryError, type ErrorCode } from '@outcry/protocol';
import type { Crowd, SupervisedProcess } from '@outcry/storage';
import type { Log } from '../log.js';
import type { CrowdQuestion, FromWorker, MetricsJson, ToWorker, WorkerTask } from './messages.js';
import { workerFile } from './worker-file.js';

const READY_WITHIN_MS = 60_000;
const ANSWER_WITHIN_MS = 2_000;

export interface WorkerProcess extends SupervisedProcess {
  readonly url: string;
  readonly port: number;
  /** Resolves when nothing waits for storage; rejects when the worker ended before. */
  drained(): Promise<void>;
  /** Its metrics; undefined when it ended or did not answer within 2 s. */
  measure(): Promise<MetricsJson | undefined>;
}

const isCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

export interface WorkerEvents {
  readonly log: Log;
  /** The worker was asked for the metrics of all. */
  readonly allMetrics: () => Promise<string>;
  /** The worker asks how a failing client stands in its prefix. */
  readonly rank: (question: CrowdQuestion) => Crowd;
}

/**
 * Starts a worker and waits until it listens.
 *
 * Rejects with the worker's own coded error, or a plain one when it ended or stayed silent; nothing is left running then.
 */
export function startWorker(task: WorkerTask, { log, allMetrics, rank }: WorkerEvents): Promise<WorkerProcess> {
  // Taken over at each fork, so that another user of node:cluster in this process does not meet our file.
  cluster.setupPrimary({ exec: workerFile(), args: [], execArgv: ['--no-warnings'], windowsHide: true });
  const worker = cluster.fork();
  const now = (): number => performance.now();
  let lastBeatMs = now();
  let ids = 0;
  const measuring = new Map<number, (metrics: MetricsJson | undefined) => void>();
  const draining = new Map<number, () => void>();
  const tell = (message: ToWorker): void => {
    if (worker.isConnected()) worker.process.send(message, () => undefined);
  };
  const exited = new Promise<string>((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) => resolve(signal ?? `exit code ${String(code)}`));
  });
  void exited.then(() => {
    for (const resolve of measuring.values()) resolve(undefined);
    measuring.clear();
  });

  const measure = (): Promise<MetricsJson | undefined> =>
    new Promise((resolve) => {
      if (!worker.isConnected()) {
        resolve(undefined);
        return;
      }
      const id = ++ids;
      const timer = setTimeout(() => done(undefined), ANSWER_WITHIN_MS);
      const done = (metrics: MetricsJson | undefined): void => {
        clearTimeout(timer);
        measuring.delete(id);
        resolve(metrics);
      };
      measuring.set(id, done);
      tell({ do: 'measure', id });
    });

  const drained = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const id = ++ids;
      draining.set(id, resolve);
      void exited.then((how) => reject(new Error(`the worker ended (${how})`)));
      tell({ do: 'drain', id });
    });

  return new Promise((resolve, reject) => {
    let failure: Extract<FromWorker, { is: 'failed' }> | undefined;
    const tooLate = setTimeout(() => worker.process.kill('SIGKILL'), READY_WITHIN_MS);
    worker.on('message', (message: FromWorker) => {
      lastBeatMs = now();
      switch (message.is) {
        case 'listening':
          tell({ do: 'start', task });
          break;
        case 'ready':
          clearTimeout(tooLate);
          resolve({
            pid: worker.process.pid ?? 0,
            url: message.url,
            port: message.port,
            exited,
            lastBeatMs: () => lastBeatMs,
            kill: (signal) => void worker.process.kill(signal),
            drained,
            measure,
          });
          break;
        case 'failed':
          failure = message;
          break;
        case 'log':
          log(message.entry);
          break;
        case 'measured':
          measuring.get(message.id)?.(message.metrics);
          break;
        case 'drained':
          draining.get(message.id)?.();
          draining.delete(message.id);
          break;
        case 'wants_crowd':
          tell({ do: 'rank', id: message.id, crowd: rank(message.of) });
          break;
        case 'wants_metrics':
          void allMetrics().then((text) => tell({ do: 'show', id: message.id, text }));
          break;
        case 'alive':
      }
    });
    void exited.then((how) => {
      clearTimeout(tooLate);
      const { code, message } = failure ?? {};
      if (code !== undefined && isCode(code)) reject(new OutcryError(code, detailOf(code, message)));
      else reject(new Error(`a worker did not start (${message ?? how})`));
    });
  });
}

/** What an error's message says beyond its code. */
function detailOf(code: ErrorCode, message = ''): string | undefined {
  return message.startsWith(`${code}: `) ? message.slice(code.length + 2) : undefined;
}
