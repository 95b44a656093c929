/** What a worker and the process that started it tell each other over IPC. */
import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { Crowd, StorageConnection } from '@outcry/storage';
import type { Claimant } from '../journal/claim.js';
import type { LogEntry } from '../log.js';
import type { CollectorOptions } from '../options.js';

/** A registry's metrics as they travel. */
export type MetricsJson = readonly MetricObjectWithValues<MetricValue<string>>[];

export interface WorkerTask {
  readonly options: Omit<CollectorOptions, 'storage' | 'log' | 'now'>;
  readonly storage: StorageConnection;
  readonly claimant: Claimant;
  /** Key of the prefix hash, base64: equal in all workers, so that they speak of the same prefixes. */
  readonly prefixSecret: string;
}

/** An upload whose place among those of its prefix is asked for. Memory only, like the keyed hash in it. */
export interface CrowdQuestion {
  readonly prefixKey: string;
  readonly project: string;
  readonly hosts: readonly string[];
  /** Decimal. */
  readonly signer: string;
  readonly nowMs: number;
}

export type ToWorker =
  | { readonly do: 'start'; readonly task: WorkerTask }
  | { readonly do: 'drain'; readonly id: number }
  | { readonly do: 'measure'; readonly id: number }
  /** The answer to `wants_crowd`. */
  | { readonly do: 'rank'; readonly id: number; readonly crowd: Crowd }
  /** The answer to `wants_metrics`. */
  | { readonly do: 'show'; readonly id: number; readonly text: string };

export type FromWorker =
  /** It listens now; what is said to a worker of node:cluster before that is lost. */
  | { readonly is: 'listening' }
  | { readonly is: 'ready'; readonly url: string; readonly port: number }
  | { readonly is: 'failed'; readonly code: string | undefined; readonly message: string }
  | { readonly is: 'alive' }
  | { readonly is: 'log'; readonly entry: LogEntry }
  | { readonly is: 'drained'; readonly id: number }
  | { readonly is: 'measured'; readonly id: number; readonly metrics: MetricsJson }
  | { readonly is: 'wants_crowd'; readonly id: number; readonly of: CrowdQuestion }
  | { readonly is: 'wants_metrics'; readonly id: number };
