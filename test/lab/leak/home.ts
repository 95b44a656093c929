/**
 * The service and, in its own network, what its operator runs: storage, analyzer, and what hears its alerts. The service counts what it
 * answers.
 */
import { createServer as createHttp } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import { startAnalyzer } from '@outcry/analyzer';
import type { SpikeDetail, SpikeSummary } from '@outcry/analyzer';
import { createStorageClient, insertRows, migrate, startStorage } from '@outcry/storage';
import type { AttemptRow, ClickHouseClient } from '@outcry/storage';
import { serveCalls } from '../role.js';
import { API, CLIENTS } from './settings.js';

const BIN_S = 300;
const QUIET_BINS = 24;
const METRICS_PORT = 9_100;

let client: ClickHouseClient;
let analyzer: Awaited<ReturnType<typeof startAnalyzer>>;
let answered = 0;
const alerts: Alert[] = [];
let service: Server;

interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** What the webhook was told, and when. */
export interface Alert {
  readonly atMs: number;
  readonly status: string;
  readonly summary: string;
}

/** Two quiet hours of the same clients, as their agents would have told them. */
function quietHours(labels: readonly string[]): AttemptRow[] {
  const end = Math.floor(Date.now() / 1000 / BIN_S) * BIN_S;
  let id = 1n;
  return labels.flatMap((network, place) =>
    Array.from({ length: CLIENTS * QUIET_BINS }, (_, index) => {
      const at = end - BIN_S * (1 + (index % QUIET_BINS));
      return {
        source: 'sdk-node',
        project: 'shop',
        release: '1.0',
        runtime: 'node',
        runtime_major: 20,
        os: 'linux',
        host: API,
        bin_start: at,
        made: 100,
        succeeded: 100,
        failed: 0,
        aborted: 0,
        panel_ppm: 1_000_000,
        received_at: at + BIN_S,
        collector: 'c1',
        sealed_day: Math.floor(at / 86_400),
        event_time: at,
        time_trust: 'device',
        network,
        country: network.split('/')[1] ?? 'ZZ',
        lateness_s: 0,
        signer: String(1_000 * (place + 1) + Math.floor(index / QUIET_BINS)),
        weight: 1,
        attempt_id: String(id++),
      } satisfies AttemptRow;
    }),
  );
}

const ask = async <T>(query: string): Promise<T[]> => (await client.query({ query, format: 'JSONEachRow' })).json<T>();
const get = async <T>(path: string): Promise<T> => (await (await fetch(analyzer.url + path)).json()) as T;

serveCalls({
  async start({ address, labels, dataDir, identity }: { address: string; labels: readonly string[]; dataDir: string; identity: Identity }) {
    const answer = (_request: IncomingMessage, response: ServerResponse): void => {
      answered++;
      response.end('{}');
    };
    service = createServer(identity, answer);
    const plain = createHttp(answer);
    const metrics = createHttp((_request, response) =>
      response.end(
        `# TYPE http_requests_total counter\nhttp_requests_total{status="200"} ${answered}\nhttp_requests_total{status="503"} 0\n`,
      ),
    );
    await new Promise<void>((resolve) => service.listen(443, address, resolve));
    await new Promise<void>((resolve) => plain.listen(80, address, resolve));
    await new Promise<void>((resolve) => metrics.listen(METRICS_PORT, address, resolve));
    const hook = createHttp((request, response) => {
      void json(request).then((body) => {
        alerts.push({ ...(body as Omit<Alert, 'atMs'>), atMs: Date.now() });
        response.end();
      });
    });
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    const storage = await startStorage({ dataDir });
    client = createStorageClient(storage.connection);
    await migrate(client, {});
    await insertRows(client, 'attempts', quietHours(labels), 'quiet');
    analyzer = await startAnalyzer({
      host: '127.0.0.1',
      port: 0,
      client,
      projects: { shop: { hosts: [API], stage: 'production' } },
      serverMetrics: [{ project: 'shop', host: API, url: `http://${address}:${METRICS_PORT}/metrics` }],
      intervalMs: 1_000,
      alerts: { everyMs: 1_000, webhookUrls: [`http://127.0.0.1:${(hook.address() as AddressInfo).port}/`] },
    });
    return storage.connection;
  },
  spikes: () => get<SpikeSummary[]>('/api/v1/spikes'),
  spike: (id: string) => get<SpikeDetail>(`/api/v1/spikes/${id}`),
  alerts: () => alerts,
  answered: () => answered,
  /** From now on the service shows this certificate. */
  identify: (identity: Identity) => service.setSecureContext(identity),
  /** Of each network, of failures from this second on: devices, when the first report was stored, and how late the latest came. */
  stored: (fromS: number) =>
    ask<{ network: string; devices: string; firstMs: string; lateS: number; collectors: string[] }>(
      `SELECT toString(network) AS network, toString(uniqExact(signer)) AS devices, toString(toUnixTimestamp64Milli(min(inserted_at))) AS firstMs,
              toUInt32(max(lateness_s)) AS lateS, arraySort(groupUniqArray(toString(collector))) AS collectors
       FROM reports FINAL WHERE source = 'sdk-node' AND event_time >= toDateTime(${fromS}, 'UTC') GROUP BY network`,
    ),
});
