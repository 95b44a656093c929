import { describe, expect, it } from 'vitest';
import { alertKey } from '../../../analyzer/src/alert/alert.js';
import type { Alert } from '../../../analyzer/src/alert/alert.js';
import { makeDispatch } from '../../../analyzer/src/alert/dispatch.js';
import { due } from '../../../analyzer/src/alert/due.js';
import { plainText } from '../../../analyzer/src/alert/sink.js';
import type { EventSink, Notification } from '../../../analyzer/src/alert/sink.js';
import { toldIn } from '../../../analyzer/src/alert/told.js';
import type { ToldState } from '../../../analyzer/src/alert/told.js';
import { storedNotifications } from './stored-notifications.js';
import { alert, NOW, page } from './sample-alert.js';

const SECOND = 1_000;
const MINUTE = 60_000;

describe('due', () => {
  const told = (status: ToldState['status'], heldMs = NOW): ToldState => ({ status, heldMs, alert: null });

  it('tells a beginning once, a rise to a page once, and an end to whom it was told', () => {
    expect(due(alert(), undefined)).toBe('firing');
    expect(due(alert(), told('notice'))).toBeUndefined();
    expect(due(page(), told('notice'))).toBe('firing');
    expect(due(page(), told('page'))).toBeUndefined();
    expect(due(alert({ endsAtMs: NOW }), told('page'))).toBe('resolved');
    expect(due(alert({ endsAtMs: NOW }), undefined)).toBeUndefined();
    expect(due(alert({ endsAtMs: NOW }), told('resolved'))).toBeUndefined();
    expect(due(alert(), told('resolved'))).toBe('firing');
  });

  it('tells what began a quarter of an hour after the one that was told was last seen: its missed end does not mute it', () => {
    expect(due(page(), told('page', NOW - 16 * MINUTE))).toBe('firing');
    expect(due(page(), told('page', NOW - 14 * MINUTE))).toBeUndefined();
    expect(due(page({ startsAtMs: NOW - 30 * MINUTE }), told('page', NOW - 16 * MINUTE))).toBeUndefined();
  });

  it('brings nothing back that somebody told as over after it was last seen here', () => {
    expect(due(page({ asOfMs: NOW - MINUTE }), told('resolved'))).toBeUndefined();
    expect(due(page({ asOfMs: NOW + MINUTE }), told('resolved'))).toBe('firing');
    expect(due(page({ asOfMs: NOW - MINUTE }), undefined)).toBe('firing');
  });
});

/** Analyzers that tell one chat, beside one storage. Time passes as the test says. */
function place() {
  const stored = storedNotifications();
  const clock = { nowMs: NOW };
  const sent: Notification[] = [];
  const tries: string[] = [];
  let fails = 0;
  const sink: EventSink = {
    name: 'chat',
    send(notification) {
      if (fails-- > 0) return Promise.reject(new Error('away'));
      sent.push(notification);
      return Promise.resolve();
    },
  };
  /** A process: what it knows of itself is gone when another one starts. */
  const start = () =>
    makeDispatch({
      eventSinks: [sink],
      stateSinks: [],
      told: toldIn(stored.client, 5),
      publicUrl: 'https://outcry.example/',
      now: () => clock.nowMs,
      onTry: (_sink, outcome) => tries.push(outcome),
    });
  const analyzer = { dispatch: start() };
  /** Looks every half minute; the alerts are those of the moment. */
  const during = async (minutes: number, alerts: (nowMs: number) => Alert[], { isWhole = true } = {}) => {
    for (const endMs = clock.nowMs + minutes * MINUTE; clock.nowMs < endMs; clock.nowMs += 30 * SECOND)
      await analyzer.dispatch.run(alerts(clock.nowMs), 5 * MINUTE, isWhole);
  };
  return {
    clock,
    sent,
    tries,
    stored,
    start,
    during,
    statuses: () => sent.map(({ status }) => status),
    restart: () => (analyzer.dispatch = start()),
    run: (alerts: Alert[], isWhole = true) => analyzer.dispatch.run(alerts, MINUTE, isWhole),
    failNext: (times: number) => (fails = times),
  };
}
const none = (): Alert[] => [];

describe('dispatch', () => {
  it('tells an alert that is simply no longer there as over', async () => {
    const { run, sent } = place();
    await run([alert()]);
    await run([]);
    await run([]);
    expect(sent.map(({ status, url }) => [status, url])).toEqual([
      ['firing', 'https://outcry.example/spikes/1'],
      ['resolved', 'https://outcry.example/spikes/1'],
    ]);
  });

  it('points at the page of the next step, where there is one', async () => {
    const { run, sent } = place();
    const other = alert({ labels: { alertname: 'OutcrySpike', project: 'bank', severity: 'notice' } });
    await run([alert({ runbook: '/runbooks/outside#dns' }), other]);
    expect(sent.map(({ runbookUrl }) => runbookUrl)).toEqual(['https://outcry.example/runbooks/outside#dns', null]);
    const [first, second] = sent.map(plainText);
    expect(first?.split('\n').at(-1)).toBe('Next step: https://outcry.example/runbooks/outside#dns');
    expect(second).not.toContain('Next step');
  });

  it('waits longer after each failure, and loses nothing', async () => {
    const { clock, run, sent, tries, failNext } = place();
    failNext(2);
    for (let s = 0; s <= 60; s += 5) {
      clock.nowMs = NOW + s * SECOND;
      await run([alert()]);
    }
    expect(tries).toEqual(['failed', 'failed', 'ok']);
    expect(sent).toHaveLength(1);
  });
});

describe('an end that a sink missed', () => {
  const blind = (): Alert =>
    page({ labels: { alertname: 'OutcryBlind', severity: 'page' }, summary: 'Nothing is seen.', path: '/healthz' });

  it('is told by the next analyzer where the one that told the beginning was stopped, with the words of then', async () => {
    const { during, restart, sent, statuses, clock } = place();
    await during(20, () => [blind()]);
    const lastSeenMs = clock.nowMs;
    restart();
    await during(30, none);
    expect(statuses()).toEqual(['firing', 'resolved']);
    expect(sent[1]).toMatchObject({ key: sent[0]?.key, alert: { summary: 'Nothing is seen.', labels: blind().labels }, url: sent[0]?.url });
    expect(lastSeenMs - (sent[1]?.alert.endsAtMs ?? 0)).toBeLessThanOrEqual(5 * MINUTE + 30 * SECOND);
    // The next one is told again.
    await during(5, (nowMs) => [{ ...blind(), startsAtMs: nowMs }]);
    expect(statuses()).toEqual(['firing', 'resolved', 'firing']);
  });

  it('is told once the sink is back, however long it was away', async () => {
    const { during, statuses, failNext, tries } = place();
    await during(10, () => [page()]);
    failNext(1e6);
    await during(180, none);
    expect(statuses()).toEqual(['firing']);
    expect(tries.filter((outcome) => outcome === 'failed').length).toBeGreaterThan(8);
    failNext(0);
    await during(20, none);
    expect(statuses()).toEqual(['firing', 'resolved']);
  });

  it('does not mute the next alert of the same labels that begins while the sink is away', async () => {
    const { clock, during, statuses, failNext } = place();
    await during(10, () => [page()]);
    failNext(1e6);
    await during(60, none);
    const startsAtMs = clock.nowMs;
    await during(60, () => [page({ startsAtMs })]);
    failNext(0);
    await during(30, () => [page({ startsAtMs })]);
    expect(statuses()).toEqual(['firing', 'firing']);
    await during(30, none);
    expect(statuses()).toEqual(['firing', 'firing', 'resolved']);
  });

  it('is not thought of before all was looked at: after a start nothing is there yet', async () => {
    const { during, restart, statuses } = place();
    await during(20, () => [page()]);
    restart();
    await during(60, none, { isWhole: false });
    await during(20, () => [page()]);
    expect(statuses()).toEqual(['firing']);
  });

  it('is no end where another analyzer still sees the alert', async () => {
    const { clock, start, statuses } = place();
    const [seeing, other] = [start(), start()];
    for (let minute = 0; minute < 120; minute++, clock.nowMs += MINUTE) {
      await seeing.run([page()], 5 * MINUTE, true);
      await other.run([], 5 * MINUTE, true);
    }
    expect(statuses()).toEqual(['firing']);
    for (let minute = 0; minute < 30; minute++, clock.nowMs += MINUTE) await other.run([], 5 * MINUTE, true);
    expect(statuses()).toEqual(['firing', 'resolved']);
  });

  it('of an alert that an older analyzer told without its words is only remembered', async () => {
    const { run, stored, sent, clock } = place();
    const key = alertKey(page());
    stored.rows.set(`${key} chat`, { alert: key, sink: 'chat', status: 'page', time: (NOW - 86_400_000) / SECOND, document: '' });
    await run([]);
    expect(sent).toEqual([]);
    expect(stored.rows.get(`${key} chat`)?.status).toBe('resolved');
    clock.nowMs += MINUTE;
    await run([page()]);
    expect(sent).toHaveLength(1);
  });
});

describe('what was told', () => {
  it('is not told again after a restart, also when it lasts for months', async () => {
    const { during, restart, clock, statuses, stored } = place();
    await during(1, () => [page()]);
    restart();
    await during(10, () => [page()]);
    expect(statuses()).toEqual(['firing']);
    for (let day = 0; day < 40; day++) {
      clock.nowMs += 86_400_000;
      await during(1, () => [page()]);
    }
    restart();
    await during(1, () => [page()]);
    expect(statuses()).toEqual(['firing']);
    const [row] = stored.rows.values();
    expect(clock.nowMs - (row?.time ?? 0) * SECOND).toBeLessThanOrEqual(5 * MINUTE);
  });

  it('while storage was away is stored when it is back, and its end is told in spite of what storage knew before', async () => {
    const { during, restart, statuses, stored, run, clock } = place();
    await run([page()]);
    await run([]);
    stored.mode = 'away';
    clock.nowMs += 60 * MINUTE;
    const startsAtMs = clock.nowMs;
    await during(10, () => [page({ startsAtMs })], { isWhole: false });
    stored.mode = 'answers';
    await during(1, () => [page({ startsAtMs })]);
    restart();
    await during(1, () => [page({ startsAtMs })]);
    expect(statuses()).toEqual(['firing', 'resolved', 'firing']);
    await run([]);
    expect(statuses()).toEqual(['firing', 'resolved', 'firing', 'resolved']);
  });

  it('does not wait for storage that hangs', async () => {
    const { run, statuses, stored } = place();
    stored.mode = 'hangs';
    await run([page()]);
    await run([]);
    expect(statuses()).toEqual(['firing', 'resolved']);
  });
});
