/** What a replay may be told, and what it hands to the analyzer in place of the configuration. */
import type { ClickHouseClient } from '@outcry/storage';
import type { WatchDeps } from '../watch/settings.js';
import type { WorldRow } from './rows.js';

export interface ReplayOptions {
  /** Start of one round to the next, s; default 5. */
  readonly roundS?: number;
  /** As of the analyzer; default 1. */
  readonly falseAlarmsPerWeek?: number;
  /** Answers what an investigation asks, as it was at the virtual time (s); without it the rows themselves do. */
  readonly evidence?: (nowS: () => number) => ClickHouseClient;
  /** Hosts whose server metrics are configured; default all. */
  readonly measured?: (project: string, host: string) => boolean;
}

/** The world as the analyzer's configuration. @param nowS - The virtual time. */
export function depsOf({ projects }: WorldRow, { measured }: ReplayOptions, client: ClickHouseClient, nowS: () => number): WatchDeps {
  const hosts = Object.entries(projects).flatMap(([project, own]) => own.map((host) => ({ project, host, url: '' })));
  return {
    client,
    projects: Object.fromEntries(Object.entries(projects).map(([project, own]) => [project, { hosts: own, stage: 'production' }])),
    serverMetrics: hosts.filter(({ project, host }) => measured?.(project, host) !== false),
    now: () => nowS() * 1000,
  };
}
