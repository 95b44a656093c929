import type { ClickHouseClient } from '@outcry/storage';
import type { ServerMetricsSource } from '../server-metrics/source.js';
import type { FailureCost } from '../publish/shapes.js';
import type { Slo } from './burn.js';
import type { PagingOptions } from './severity.js';

/** What the analyzer knows of a project. */
export interface WatchedProject {
  readonly hosts: readonly string[];
  /** Least distinct clients in a cell that names a network, country, release, runtime, os or route; default 10. */
  readonly k?: number;
  /** Development projects are shown live and never searched for spikes. */
  readonly stage: 'production' | 'development';
  /** What a failed request costs, so that pages can say what a spike does. */
  readonly loss?: FailureCost;
  /** What the project promises its clients; spikes and alerts then say how fast failures use it up. */
  readonly slo?: Slo;
}

export interface WatchDeps {
  readonly client: ClickHouseClient;
  readonly projects: Readonly<Record<string, WatchedProject>>;
  readonly serverMetrics: readonly ServerMetricsSource[];
  readonly now: () => number;
  /** Share of reports that waited on a device, 0..1, as learnt so far; default 0.02. */
  readonly lateShare?: number;
  /** How bursty the usual failures of a host and kind are, variance ÷ mean; default 1. */
  readonly dispersionOf?: (of: { readonly project: string; readonly host: string; readonly kind: string }) => number;
  /** Spikes allowed by chance per week over everything watched; default 1. */
  readonly falseAlarmsPerWeek?: number;
  /** When a spike pages; default from 20 failing clients on, and not what nothing supports. */
  readonly paging?: PagingOptions;
}
