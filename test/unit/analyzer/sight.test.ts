/** Whether the analyzer notices that it sees nothing: its rounds may hang or crawl without failing. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { selfAlerts } from '../../../analyzer/src/alert/self-alerts.js';
import type { AnswerDeps } from '../../../analyzer/src/answers/settings.js';
import { createApp } from '../../../analyzer/src/http/app.js';
import { createMetrics } from '../../../analyzer/src/metrics.js';
import type { RoundResult } from '../../../analyzer/src/watch/round.js';
import { watch } from '../../../analyzer/src/watch/watch.js';
import type { WatchDeps } from '../../../analyzer/src/watch/settings.js';
import type { WatchState } from '../../../analyzer/src/watch/watch.js';

const NOW = Date.UTC(2026, 0, 5, 14, 30);
const INTERVAL_MS = 100;
const LATEST = { spikes: [], seriesTested: 0 } as unknown as RoundResult;

/** A loop whose rounds end when the test says so, beside a clock that the test moves. */
function place() {
  let passedMs = 0;
  const running: { end: () => void; fail: (error: Error) => void }[] = [];
  const deps = { projects: {}, serverMetrics: [], now: () => NOW + passedMs } as unknown as WatchDeps;
  const loop = watch(deps, {
    intervalMs: INTERVAL_MS,
    metrics: createMetrics(),
    log: () => undefined,
    run: () => new Promise((resolve, reject) => running.push({ end: () => resolve(LATEST), fail: reject })),
    elapsed: () => passedMs,
  });
  /** Ends the round that runs, and waits until the next one has begun. */
  const turn = async (act: 'end' | 'fail'): Promise<void> => {
    const begun = (): Promise<void> => expect.poll(() => running.length, { timeout: 5_000 }).toBe(1);
    await begun();
    const round = running.shift();
    if (act === 'end') round?.end();
    else round?.fail(new Error('no reason'));
    await begun();
  };
  return { loop, turn, pass: (s: number) => (passedMs += s * 1000), nowMs: () => NOW + passedMs };
}
const names = (state: WatchState, nowMs: number): string[] => selfAlerts(state, NOW, nowMs).map(({ labels }) => labels.alertname);

describe('the loop of detection', () => {
  it('is stalled when a round hangs: no heartbeat any more, and an alert, until rounds finish in time again', async () => {
    const { loop, turn, pass, nowMs } = place();
    await turn('end');
    expect(names(loop.state(), nowMs())).toEqual(['OutcryHeartbeat']);
    pass(120);
    expect(names(loop.state(), nowMs())).toEqual(['OutcryHeartbeat']);
    pass(1);
    expect(loop.state()).toMatchObject({ latestMs: NOW, degraded: { code: 'detection_stalled', sinceMs: NOW } });
    expect(names(loop.state(), nowMs())).toEqual(['OutcryBlind']);
    // The round that hung ends at last: one that takes so long is no sign of sight.
    await turn('end');
    expect(loop.state().degraded?.code).toBe('detection_stalled');
    expect(names(loop.state(), nowMs())).toEqual(['OutcryBlind']);
    await turn('end');
    expect(loop.state().degraded).toBeNull();
    expect(names(loop.state(), nowMs())).toEqual(['OutcryHeartbeat']);
  });

  it('is stalled without a break while each round takes longer than two minutes', async () => {
    const { loop, turn, pass, nowMs } = place();
    for (let round = 0; round < 4; round++) {
      pass(121);
      await turn('end');
      expect(names(loop.state(), nowMs())).toEqual(['OutcryBlind']);
      expect(loop.state().degraded).toEqual({ code: 'detection_stalled', sinceMs: NOW });
    }
  });

  it('is starting while the first round runs, and stalled when that hangs', async () => {
    const { loop, pass, nowMs } = place();
    expect([loop.state().degraded, names(loop.state(), nowMs())]).toEqual([null, []]);
    pass(121);
    expect(names(loop.state(), nowMs())).toEqual(['OutcryBlind']);
  });

  it('says why rounds fail, also when the next one hangs', async () => {
    const { loop, turn, pass } = place();
    await turn('fail');
    pass(600);
    expect(loop.state().degraded).toEqual({ code: 'internal_error', sinceMs: NOW });
  });

  it('is not stalled by a clock that is set', async () => {
    let jumpMs = 0;
    const deps = { projects: {}, serverMetrics: [], now: () => NOW + jumpMs } as unknown as WatchDeps;
    const run = () => Promise.resolve(LATEST);
    const loop = watch(deps, { intervalMs: 60_000, metrics: createMetrics(), log: () => undefined, run });
    await expect.poll(() => loop.state().latestMs).toBe(NOW);
    jumpMs = 86_400_000;
    expect(loop.state().degraded).toBeNull();
    await loop.stop();
  });
});

describe('/healthz', () => {
  it('is degraded with a reason, and the header of every answer names it', async () => {
    const state: WatchState = {
      latest: LATEST,
      latestMs: NOW,
      degraded: { code: 'detection_stalled', sinceMs: NOW },
      scrapeErrors: new Map(),
    };
    const app = createApp(
      { projects: {}, serverMetrics: [], state: () => state } as unknown as AnswerDeps,
      createMetrics(),
      () => undefined,
    );
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`);
    expect([answer.status, answer.headers.get('outcry-degraded')]).toEqual([200, 'detection_stalled']);
    const at = new Date(NOW).toISOString();
    expect(await answer.json()).toEqual({ status: 'degraded', code: 'detection_stalled', degraded_since: at, last_round_at: at });
    await new Promise((resolve) => server.close(resolve));
  });
});
