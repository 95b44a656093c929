/** The loop of the alerts, with a webhook of its own and a storage without an engine. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertKey } from '../../../analyzer/src/alert/alert.js';
import type { Alert } from '../../../analyzer/src/alert/alert.js';
import { startAlerting } from '../../../analyzer/src/alert/alerting.js';
import { documentOf } from '../../../analyzer/src/alert/stored-alert.js';
import type { AnswerDeps } from '../../../analyzer/src/answers/settings.js';
import { createMetrics } from '../../../analyzer/src/metrics.js';
import { storedSpikes } from '../../../analyzer/src/queries/stored-spikes.js';
import type { RoundResult } from '../../../analyzer/src/watch/round.js';
import { rowOf } from '../../../analyzer/src/watch/spike-record.js';
import type { SpikeRecord } from '../../../analyzer/src/watch/spike-record.js';
import type { WatchState } from '../../../analyzer/src/watch/watch.js';
import { record } from './sample-record.js';
import { storedNotifications } from './stored-notifications.js';

const NOW = Date.UTC(2026, 0, 5, 14, 30);
const SEEING: WatchState = {
  latest: { spikes: [], burns: [] } as unknown as RoundResult,
  latestMs: NOW,
  degraded: null,
  scrapeErrors: new Map(),
};
const STARTING: WatchState = { ...SEEING, latest: null, latestMs: null };

let hook: Server;
let told: string[];
let running: { stop(): Promise<void> }[];
beforeEach(async () => {
  told = [];
  running = [];
  hook = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { status, labels } = JSON.parse(text) as { status: string; labels: Alert['labels'] };
      told.push(`${labels.alertname} ${status}`);
      response.end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await Promise.all(running.map((alerting) => alerting.stop()));
  hook.closeAllConnections();
  await new Promise((resolve) => hook.close(resolve));
});

/** One analyzer; `begin` starts the loop, `looks` rises with every look. */
function place(first: WatchState, stored = storedNotifications()) {
  const projects = { shop: { hosts: ['a'], stage: 'production' } };
  const seen = { state: first, looks: 0 };
  const deps = { client: stored.client, projects, now: () => NOW, state: () => (seen.looks++, seen.state) } as unknown as AnswerDeps;
  const begin = (): void => {
    const webhookUrls = [`http://127.0.0.1:${(hook.address() as AddressInfo).port}/`];
    const rest = { ownUrl: 'http://a.example', metrics: createMetrics(), log: () => undefined };
    running.push(startAlerting({ everyMs: 10, webhookUrls }, deps, rest));
  };
  return { stored, seen, begin };
}

describe('the loop of the alerts', () => {
  it('tells no end of what an analyzer before it told until it has seen all, and then does', async () => {
    const { stored, seen, begin } = place(STARTING);
    const alert: Alert = {
      labels: { alertname: 'OutcrySpike', severity: 'page' },
      summary: 'Something fails.',
      details: [],
      path: null,
      startsAtMs: NOW - 7_200_000,
      endsAtMs: null,
    };
    const row = { alert: alertKey(alert), sink: 'webhook-1', status: 'page', time: NOW / 1000 - 3_600, document: documentOf(alert) };
    stored.rows.set(`${row.alert} ${row.sink}`, row);
    begin();
    await expect.poll(() => seen.looks).toBeGreaterThan(20);
    expect(told).toEqual([]);
    seen.state = SEEING;
    await expect.poll(() => told).toEqual(['OutcrySpike resolved']);
  });

  it('does not bring back a spike that another analyzer closed while this one sees nothing', async () => {
    const open = record({ startedMs: NOW - 3_600_000 });
    const closed = record({ ...open, state: 'closed', endedMs: NOW - 360_000 });
    const after = (spikes: SpikeRecord[], latestMs: number): WatchState => ({
      ...SEEING,
      latest: { ...SEEING.latest, spikes } as RoundResult,
      latestMs,
    });
    const degraded = { code: 'detection_stalled', sinceMs: NOW - 300_000 } as const;
    const stuck = place({ ...after([open], NOW - 300_000), degraded });
    const { stored } = stuck;
    const other = place(after([closed], NOW), stored);
    stored.others = (query) => Promise.resolve({ json: () => Promise.resolve(query === storedSpikes.sql ? [rowOf(closed, NOW)] : []) });
    const labels = { alertname: 'OutcrySpike', project: 'shop', host: 'a', kind: 'dns', place: 'everywhere', severity: 'notice' } as const;
    const row = { alert: alertKey({ labels }), sink: 'webhook-1', status: 'notice', time: NOW / 1000 - 60, document: '' };
    stored.rows.set(`${row.alert} ${row.sink}`, row);
    stuck.begin();
    other.begin();
    await expect.poll(() => told).toContain('OutcrySpike resolved');
    const looks = stuck.seen.looks;
    await expect.poll(() => stuck.seen.looks).toBeGreaterThan(looks + 100);
    expect(told).not.toContain('OutcrySpike firing');
    // Both may tell the end within one look.
    expect(told.filter((each) => each === 'OutcrySpike resolved').length).toBeLessThanOrEqual(2);
  });

  it('tells that nothing is seen also while storage does not answer what it asks of the intake', async () => {
    const degraded = { code: 'detection_stalled', sinceMs: NOW - 180_000 } as const;
    const { stored, begin } = place({ ...SEEING, degraded });
    stored.others = () => new Promise(() => undefined);
    begin();
    await expect.poll(() => told).toEqual(['OutcryBlind firing']);
  });
});
