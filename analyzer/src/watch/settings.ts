import type { ClickHouseClient } from '@outcry/storage';
import type { ServerMetricsSource } from '../scrape/read-metrics.js';

/** What the analyzer knows of a project. */
export interface WatchedProject {
  readonly hosts: readonly string[];
  /** Least distinct clients in a cell that names a network, country, release, runtime, os or route; default 10. */
  readonly k?: number;
  /** Development projects are shown live and never searched for spikes. */
  readonly stage: 'production' | 'development';
}

export interface WatchDeps {
  readonly client: ClickHouseClient;
  readonly projects: Readonly<Record<string, WatchedProject>>;
  readonly serverMetrics: readonly ServerMetricsSource[];
  readonly now: () => number;
  /** Spikes allowed by chance per week over everything watched; default 1. */
  readonly falseAlarmsPerWeek?: number;
}
