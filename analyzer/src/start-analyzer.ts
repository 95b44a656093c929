import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OutcryError } from '@outcry/protocol';
import type { ClickHouseClient } from '@outcry/storage';
import { createApp } from './http/app.js';
import { isLoopback } from './http/security.js';
import { createMetrics } from './metrics.js';
import { startAlerting } from './alert/alerting.js';
import type { AlertOptions } from './alert/alerting.js';
import type { ServerMetricsSource } from './server-metrics/source.js';
import { PAGING_DEFAULTS } from './watch/severity.js';
import type { WatchedProject } from './watch/settings.js';
import { watch } from './watch/watch.js';
import type { LogEntry, Watch } from './watch/watch.js';

export interface AnalyzerOptions {
  /** Loopback address to listen on; there is no sign-in, so no other is taken. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly client: ClickHouseClient;
  readonly projects: Readonly<Record<string, WatchedProject>>;
  readonly serverMetrics?: readonly ServerMetricsSource[];
  /** Time from the start of one round of detection to the next, ms, 100 or more; default 5 s. */
  readonly intervalMs?: number;
  readonly falseAlarmsPerWeek?: number;
  /** Who is told of spikes and of deaf ears; without it nobody is. */
  readonly alerts?: AlertOptions;
  readonly now?: () => number;
  readonly log?: (entry: LogEntry) => void;
}

export interface AnalyzerHandle {
  readonly url: string;
  /** Ends the loop after its running round, and the server; answers in work are cut. */
  close(): Promise<void>;
}

const SHORTEST_INTERVAL_MS = 100;

/**
 * Starts watching and answering. Storage may be away: pages then say so, and watching goes on when it is back.
 *
 * Throws OUTCRY_BAD_CONFIG (not loopback, wrong interval), OUTCRY_PORT_TAKEN.
 */
export async function startAnalyzer(options: AnalyzerOptions): Promise<AnalyzerHandle> {
  const { host, port, intervalMs = 5_000, log = () => undefined } = options;
  if (!isLoopback(host)) throw new OutcryError('OUTCRY_BAD_CONFIG', 'analyzer host: without sign-in the analyzer listens on loopback only');
  if (!(intervalMs >= SHORTEST_INTERVAL_MS))
    throw new OutcryError('OUTCRY_BAD_CONFIG', `analyzer interval: at least ${SHORTEST_INTERVAL_MS} ms`);
  const deps = {
    client: options.client,
    projects: options.projects,
    serverMetrics: options.serverMetrics ?? [],
    now: options.now ?? Date.now,
    paging: {
      pageFromClients: options.alerts?.pageFromClients ?? PAGING_DEFAULTS.pageFromClients,
      pageUncorroborated: options.alerts?.pageUncorroborated ?? PAGING_DEFAULTS.pageUncorroborated,
    },
    ...(options.falseAlarmsPerWeek !== undefined && { falseAlarmsPerWeek: options.falseAlarmsPerWeek }),
  };
  const metrics = createMetrics();
  const running: { watch?: Watch } = {};
  const state = () => running.watch?.state() ?? { latest: null, latestMs: null, degraded: null, scrapeErrors: new Map<string, string>() };
  const answering = { ...deps, state };
  const server = createServer(createApp(answering, metrics, log));
  const bound = await listen(server, host, port);
  const loop = watch(deps, { intervalMs, metrics, log });
  running.watch = loop;
  const shown = host.includes(':') ? `[${host}]` : host;
  const url = `http://${shown}:${bound.port}`;
  const alerting = options.alerts && startAlerting(options.alerts, answering, { ownUrl: url, metrics, log });
  return {
    url,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, loop.stop(), alerting?.stop()]);
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new OutcryError('OUTCRY_PORT_TAKEN', `analyzer port ${port} on ${host}`) : error),
    );
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}
