import { describe, expect, it } from 'vitest';
import { makeProbes } from '../../../sdk-browser/src/probe.js';

const ORIGIN = 'https://api.shop.example';

function setUp(answer: (init: RequestInit) => Promise<unknown>) {
  const asked: { url: string; init: RequestInit }[] = [];
  const timers: (() => void)[] = [];
  const clock = { ms: 1_000_000 };
  const probes = makeProbes({
    fetchFn: ((url: string, init: RequestInit) => {
      asked.push({ url, init });
      return answer(init);
    }) as typeof fetch,
    now: () => clock.ms,
    setTimer: (run) => {
      timers.push(run);
      return () => timers.splice(timers.indexOf(run), 1);
    },
  });
  return { probes, asked, timers, clock };
}

const never = ({ signal }: RequestInit): Promise<never> =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))));

describe('the probe', () => {
  it('is one small request without credentials, referrer or cache', async () => {
    const { probes, asked, timers } = setUp(() => Promise.resolve());
    expect(await probes.ask(ORIGIN)).toBe('answered');
    expect(asked).toMatchObject([
      {
        url: `${ORIGIN}/favicon.ico`,
        init: { method: 'HEAD', mode: 'no-cors', credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' },
      },
    ]);
    expect(timers).toEqual([]);
  });

  it('runs at most once a minute and six times an hour, and its result stands for ten minutes', async () => {
    const { probes, asked, clock } = setUp(() => Promise.reject(new TypeError()));
    const start = clock.ms;
    const results: string[] = [];
    for (let second = 0; second <= 3_599; second += 30) {
      clock.ms = start + second * 1_000;
      results.push(await probes.ask(ORIGIN));
    }
    expect(asked).toHaveLength(6);
    // The sixth ran after five minutes; ten minutes later it says nothing any more.
    expect(results.slice(0, 30).every((result) => result === 'failed')).toBe(true);
    expect(results.slice(31).every((result) => result === 'not_run')).toBe(true);
    clock.ms = start + 3_600_000;
    expect(await probes.ask(ORIGIN)).toBe('failed');
    expect(asked).toHaveLength(7);
  });

  it('is shared by failures at the same time', async () => {
    const { probes, asked } = setUp(() => Promise.resolve());
    expect(await Promise.all([probes.ask(ORIGIN), probes.ask(ORIGIN)])).toEqual(['answered', 'answered']);
    expect(asked).toHaveLength(1);
  });

  it('tells a host that does not answer from one that cannot be reached', async () => {
    const { probes, timers } = setUp(never);
    const result = probes.ask(ORIGIN);
    timers[0]?.();
    expect(await result).toBe('stalled');
  });

  it('is cancelled when the origin answers the app again', async () => {
    const { probes } = setUp(never);
    const result = probes.ask(ORIGIN);
    probes.healed(ORIGIN);
    expect(await result).toBe('not_run');
  });
});
