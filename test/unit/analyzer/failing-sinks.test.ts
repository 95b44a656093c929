/** Sinks that refuse, hang or are away: what they do not take holds up nothing else, and nothing runs out meanwhile. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { alertKey } from '../../../analyzer/src/alert/alert.js';
import type { Alert } from '../../../analyzer/src/alert/alert.js';
import { makeDispatch } from '../../../analyzer/src/alert/dispatch.js';
import { makeRests } from '../../../analyzer/src/alert/rests.js';
import type { EventSink, Notification, StateSink } from '../../../analyzer/src/alert/sink.js';
import { toldIn } from '../../../analyzer/src/alert/told.js';
import { alert, NOW, page } from './sample-alert.js';
import { storedNotifications } from './stored-notifications.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const LOOK_MS = 10 * SECOND;
const VALID_MS = 5 * MINUTE;
const TIMEOUT_MS = 20 * SECOND;

const of = (project: string, severity: 'page' | 'notice' = 'notice'): Alert =>
  alert({ labels: { alertname: 'OutcrySpike', project, severity } });

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

/** One analyzer that looks every ten seconds at the alerts of the moment. `AbortSignal.timeout` knows no fake time, so it is made of a fake timer. */
function place({ events = [], states = [] }: { events?: EventSink[]; states?: StateSink[] }) {
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(new Error('too late')), ms);
    return stopping.signal;
  });
  const dispatch = makeDispatch({
    eventSinks: events,
    stateSinks: states,
    told: toldIn(storedNotifications().client),
    publicUrl: 'https://outcry.example',
    now: Date.now,
    onTry: () => undefined,
    timeoutMs: TIMEOUT_MS,
  });
  return async (lengthMs: number, alerts: Alert[]) => {
    for (const endMs = Date.now() + lengthMs; Date.now() < endMs;) {
      void dispatch.run(alerts, VALID_MS, true);
      await vi.advanceTimersByTimeAsync(LOOK_MS);
    }
  };
}

/** A chat that treats each alert as `take` says, and notes what it was asked and what it took. */
function chat(take: (project: string) => Promise<void> | undefined) {
  const asked: { project: string; ms: number }[] = [];
  const took: string[] = [];
  const sink: EventSink = {
    name: 'chat',
    async send({ alert: { labels } }: Notification) {
      const project = labels['project'] ?? '';
      asked.push({ project, ms: Date.now() });
      await take(project);
      took.push(project);
    },
  };
  return { sink, asked, took };
}
const never = (): Promise<void> => new Promise(() => undefined);

describe('a notification that is refused', () => {
  it('does not keep the others from the sink, and is tried again by itself', async () => {
    const { sink, asked, took } = chat((project) => (project === 'bad' ? Promise.reject(new Error('it answered 400')) : undefined));
    const during = place({ events: [sink] });
    await during(20 * SECOND, [of('bad', 'page'), of('shop'), of('bank')]);
    expect(took).toEqual(['shop', 'bank']);
    await during(20 * SECOND, [of('bad', 'page'), of('shop'), of('bank'), of('late')]);
    expect(took).toEqual(['shop', 'bank', 'late']);
    await during(10 * MINUTE, [of('bad', 'page')]);
    const gaps = asked.filter(({ project }) => project === 'bad').map(({ ms }, n, all) => ms - (all[n - 1]?.ms ?? ms));
    expect(gaps.length).toBeGreaterThan(6);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * MINUTE);
  });
});

describe('a notification that hangs', () => {
  it('has a time of its own, after which the others have their turn, though the sink does not listen to its signal', async () => {
    const { sink, took } = chat((project) => (project.startsWith('hangs') ? never() : undefined));
    const during = place({ events: [sink] });
    await during(2 * MINUTE, [of('hangs', 'page'), of('hangs too', 'page'), of('shop')]);
    expect(took).toEqual(['shop']);
  });

  it('uses up the time of its look: what has ended by the next one is not told as if it still held', async () => {
    let isAway = true;
    const { sink, took } = chat(() => (isAway ? never() : undefined));
    const during = place({ events: [sink] });
    const many = Array.from({ length: 30 }, (_, n) => of(`p${n}`));
    await during(10 * SECOND, many);
    // All but the first are over before their turn comes.
    isAway = false;
    await during(5 * MINUTE, many.slice(0, 1));
    expect(took).toEqual(['p0']);
  });
});

describe('a sink that is back', () => {
  it('is told of a page within two minutes, however long it was away', async () => {
    let isAway = true;
    const { sink, took } = chat(() => (isAway ? Promise.reject(new Error('away')) : undefined));
    const during = place({ events: [sink] });
    await during(62 * MINUTE, [page()]);
    isAway = false;
    await during(2 * MINUTE + LOOK_MS, [page()]);
    expect(took).toEqual(['shop']);
  });
});

describe('Alertmanager', () => {
  it.each([
    ['refuses connections', () => Promise.reject(new Error('refused'))],
    ['does not answer', never],
  ])('believes that alerts hold while it %s for four minutes', async (_, away) => {
    let validToMs = Infinity;
    let isAway = false;
    const lapses: number[] = [];
    const sink: StateSink = {
      name: 'alertmanager-1',
      async send(_notifications, validForMs, nowMs) {
        if (isAway) await away();
        if (Date.now() > validToMs) lapses.push(Date.now() - validToMs);
        validToMs = nowMs + validForMs;
      },
    };
    const during = place({ states: [sink] });
    for (let round = 0; round < 10; round++) {
      isAway = false;
      await during((4 + round) * LOOK_MS, [page()]);
      isAway = true;
      await during(4 * MINUTE, [page()]);
    }
    expect(lapses).toEqual([]);
  });
});

describe('rests', () => {
  it('double from 15 s on up to their bound, each key by itself, and end with a success', () => {
    const rests = makeRests(MINUTE);
    const key = alertKey(page());
    const lengths = [1, 2, 3, 4].map(() => (rests.failed(key, NOW), rests.untilMs(key) - NOW));
    expect(lengths).toEqual([15 * SECOND, 30 * SECOND, MINUTE, MINUTE]);
    expect([rests.isResting(key, NOW), rests.isResting(key, NOW + MINUTE), rests.isResting('other', NOW)]).toEqual([true, false, false]);
    rests.took(key);
    rests.failed(key, NOW);
    expect(rests.untilMs(key) - NOW).toBe(15 * SECOND);
  });
});
