/** A collector in a process of its own, from the built packages, that a test kills and starts again; `url` follows it. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { StorageConnection } from '@outcry/storage';
import type { CollectorOptions } from '@outcry/collector';
import { signal } from '../kill.js';
import { plainOptions, post } from '../unit/collector/sealed.js';

export interface KillableOptions extends Partial<Omit<CollectorOptions, 'storage' | 'log' | 'now'>> {
  readonly connection: StorageConnection;
  readonly workers?: number;
}

const LIMITS = { batchAfterMs: 30, batchRows: 50, retryCapMs: 300, uploadBurst: 1e6, uploadsPerSecond: 1e6, minFreeBytes: 0 };

export class KillableCollector {
  url = '';
  readonly dataDir: string;
  private child: ChildProcess | undefined;
  private readonly settings: KillableOptions;

  constructor(dataDir: string, settings: KillableOptions) {
    this.dataDir = dataDir;
    this.settings = settings;
  }

  async start(): Promise<void> {
    const { connection, workers, limits, ...change } = this.settings;
    const plain = plainOptions(this.dataDir, { ...change, limits: { ...LIMITS, ...limits } });
    const argument = JSON.stringify({ ...plain, connection, ...(workers === undefined ? {} : { workers }) });
    const child = fork(new URL('./collector-process.mjs', import.meta.url), [argument], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.child = child;
    const [{ url }] = (await once(child, 'message')) as [{ url: string }];
    this.url = url;
  }

  /** The processes that take uploads. */
  async workers(): Promise<number[]> {
    this.child?.send('pids');
    const [{ pids }] = (await once(this.child as ChildProcess, 'message')) as [{ pids: number[] }];
    return pids;
  }

  async drained(): Promise<void> {
    this.child?.send('drain');
    await once(this.child as ChildProcess, 'message');
  }

  /** Kills its processes, the one that watches over them first, and starts it again. */
  async killAndRestart(workers: readonly number[]): Promise<void> {
    await this.kill(workers);
    await this.start();
  }

  async kill(workers: readonly number[] = []): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    for (const pid of workers) signal(pid, 'SIGKILL');
    await gone;
  }

  /** Sends an envelope as an agent does: again and again until it is acknowledged, or `given up`. */
  async deliver(bytes: Buffer, givenUp: () => boolean = () => false): Promise<boolean> {
    while (!givenUp()) {
      const answer = await post(this.url, bytes, { connection: 'close' }, 5_000).catch(() => undefined);
      if (answer?.status === 204) return true;
      if (answer !== undefined && answer.status < 429) throw new Error(`an honest envelope was refused: ${answer.code ?? answer.status}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    return false;
  }
}
