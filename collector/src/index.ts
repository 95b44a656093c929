/** Receives sealed reports, journals them and writes them to ClickHouse. */
export { startCollector, type Collector } from './start-collector.js';
export { startWorkers, type CollectorPool, type WorkersOptions } from './workers/start-workers.js';
export { checkOptions, isLoopback, type CollectorOptions } from './options.js';
export type { ProjectOptions } from './intake/registry.js';
export { crowds, type CrowdOf } from './intake/crowds.js';
export { DEFAULT_LIMITS, type Limits } from './limits.js';
export type { Log, LogEntry } from './log.js';
