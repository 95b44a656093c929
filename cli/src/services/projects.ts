import type { ProjectOptions } from '@outcry/collector';
import type { Config } from '../config/schema.js';

/** The configured projects as the collector and the analyzer take them. */
export function projectsOf({ projects }: Config): Record<string, ProjectOptions> {
  return Object.fromEntries(
    Object.entries(projects).map(([name, { hosts, routes, retention_days: retentionDays, k, stage, nel }]) => [
      name,
      { hosts, routes, retentionDays, k, stage, nel },
    ]),
  );
}
