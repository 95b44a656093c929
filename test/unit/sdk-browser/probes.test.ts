/** The questions after a failure: budgets, landmarks. */
import { describe, expect, it, vi } from 'vitest';
import { sortLandmarks } from '../../../sdk-browser/src/probes/landmarks.js';
import { makeProbes } from '../../../sdk-browser/src/probes/round.js';
import type { Round } from '../../../sdk-browser/src/probes/round.js';

const URL_ = new URL('https://api.shop.example/v1/cart?user=alice');

function setUp(
  answer: (url: string, init: RequestInit) => Promise<unknown>,
  landmarks: Record<string, string[]> = {},
  mayProbe: () => Promise<boolean> = () => Promise.resolve(true),
) {
  const asked: { url: string; init: RequestInit }[] = [];
  const timers: (() => void)[] = [];
  const clock = { ms: 1_000_000 };
  const probes = makeProbes({
    fetchFn: ((url: string, init: RequestInit) => {
      asked.push({ url, init });
      return answer(url, init);
    }) as typeof fetch,
    mark: () => clock.ms,
    now: () => clock.ms,
    setTimer: (run) => {
      timers.push(run);
      return () => {
        const at = timers.indexOf(run);
        if (at >= 0) timers.splice(at, 1);
      };
    },
    landmarks,
    connection: undefined,
    mayProbe,
  });
  const ask = (more = {}): Promise<Round | undefined> =>
    probes.ask({ url: URL_, capMs: 4_000, mayRead: false, mayRedirect: () => false, seemsRedirected: false, ...more });
  return { probes, ask, asked, timers, clock };
}

const fine = (): Promise<Response> => Promise.resolve(new Response());
const never = (_url: string, { signal }: RequestInit): Promise<never> =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))));
const refused = (): Promise<never> => Promise.reject(new TypeError());

describe('a round of probes', () => {
  it('is one small request without credentials, referrer, cache or path of the app', async () => {
    const { ask, asked, timers } = setUp(fine);
    expect((await ask())?.probe.reply).toBe('answered');
    expect(asked).toMatchObject([
      {
        url: 'https://api.shop.example/favicon.ico',
        init: { method: 'HEAD', mode: 'no-cors', credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' },
      },
    ]);
    expect(timers).toEqual([]);
  });

  it('asks every landmark of this host by its role, and none of another', async () => {
    const { ask, asked } = setUp((url) => (url.includes('.alt.') ? fine() : refused()), {
      'api.shop.example': ['https://api.alt.example/health', 'https://api.shop.example:8443/health', 'https://192.0.2.1:444/'],
      'img.shop.example': ['https://img.alt.example/'],
    });
    const round = await ask();
    expect([round?.probe.reply, round?.otherName.reply, round?.otherPort.reply, round?.otherBoth.reply]).toEqual([
      'failed',
      'answered',
      'failed',
      'failed',
    ]);
    expect(asked.map(({ url }) => url).sort()).toEqual([
      'https://192.0.2.1:444/',
      'https://api.alt.example/health',
      'https://api.shop.example/favicon.ico',
      'https://api.shop.example:8443/health',
    ]);
  });

  it('runs at most once a minute and six times an hour, and its result stands for ten minutes', async () => {
    const { ask, asked, clock } = setUp(refused);
    const start = clock.ms;
    const results: (string | undefined)[] = [];
    for (let second = 0; second <= 3_599; second += 30) {
      clock.ms = start + second * 1_000;
      results.push((await ask())?.probe.reply);
    }
    expect(asked).toHaveLength(6);
    // The sixth ran after five minutes; ten minutes later it says nothing any more.
    expect(results.slice(0, 30).every((result) => result === 'failed')).toBe(true);
    expect(results.slice(31).every((result) => result === undefined)).toBe(true);
    clock.ms = start + 3_600_000;
    expect((await ask())?.probe.reply).toBe('failed');
    expect(asked).toHaveLength(7);
  });

  it('is one a minute for all ports and schemes of a host', async () => {
    const { ask, asked, clock } = setUp(refused);
    for (const origin of ['https://api.shop.example', 'https://api.shop.example:8443', 'http://api.shop.example'])
      await ask({ url: new URL(origin) });
    expect(asked).toHaveLength(1);
    clock.ms += 60_000;
    expect((await ask({ url: new URL('https://api.shop.example:8443') }))?.probe.reply).toBe('failed');
  });

  it('is not due again because the clock was set back', async () => {
    const { ask, asked, clock } = setUp(refused);
    await ask();
    clock.ms -= 30_000;
    expect((await ask())?.probe.reply).toBe('failed');
    expect(asked).toHaveLength(1);
    for (let minute = 0; minute < 20; minute++) {
      clock.ms -= 61_000;
      await ask();
    }
    expect(asked).toHaveLength(6);
  });

  it('ends when the page is left, and what was found out before stands', async () => {
    const { probes, ask, asked, timers } = setUp(never);
    const round = ask();
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    probes.leave();
    expect(asked[0]?.init.signal?.aborted).toBe(true);
    expect(await round).toBeUndefined();
    expect(timers).toEqual([]);
    const past = setUp(refused);
    await past.ask();
    past.probes.leave();
    expect((await past.ask())?.probe.reply).toBe('failed');
  });

  it('is drawn once, before anything is asked, and one that is left out counts like one that is made', async () => {
    let may = false;
    let draws = 0;
    const { ask, asked, clock } = setUp(refused, {}, () => Promise.resolve((draws++, may)));
    expect([await ask(), await ask()]).toEqual([undefined, undefined]);
    expect([asked.length, draws]).toEqual([0, 1]);
    may = true;
    expect(await ask()).toBeUndefined();
    clock.ms += 60_000;
    expect((await ask())?.probe.reply).toBe('failed');
    expect(draws).toBe(2);
  });

  it('ends with the consent: what runs is aborted, and no further question follows', async () => {
    const running = setUp(never);
    const round = running.ask();
    await Promise.resolve();
    await vi.waitFor(() => expect(running.asked).toHaveLength(1));
    running.probes.stop();
    expect(running.asked[0]?.init.signal?.aborted).toBe(true);
    expect(await round).toBeUndefined();
    expect(running.timers).toEqual([]);

    let answer = (): void => undefined;
    const reading = setUp(() => new Promise((resolve) => (answer = () => resolve(new Response()))));
    const other = reading.ask({ mayRead: true });
    await vi.waitFor(() => expect(reading.asked).toHaveLength(1));
    reading.probes.stop();
    answer();
    expect(await other).toBeUndefined();
    expect(reading.asked).toHaveLength(1);

    const past = setUp(refused);
    await past.ask();
    past.probes.stop();
    expect(await past.ask()).toBeUndefined();
  });

  it('is within a budget of bytes that all hosts share', async () => {
    const { probes, asked } = setUp(refused);
    for (let host = 0; host < 100; host++)
      await probes.ask({
        url: new URL(`https://h${host}.shop.example/`),
        capMs: 1,
        mayRead: false,
        mayRedirect: () => false,
        seemsRedirected: false,
      });
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.length).toBeLessThan(50);
  });

  it('is shared by failures at the same time', async () => {
    const { ask, asked } = setUp(fine);
    const [one, other] = await Promise.all([ask(), ask()]);
    expect(one).toBe(other);
    expect(asked).toHaveLength(1);
  });

  it('of one port says nothing of another', async () => {
    const { ask, asked, clock } = setUp((url) => (url.includes(':8443') ? fine() : refused()));
    expect((await ask())?.probe.reply).toBe('failed');
    expect(await ask({ url: new URL('https://api.shop.example:8443/') })).toBeUndefined();
    clock.ms += 60_000;
    expect((await ask({ url: new URL('https://api.shop.example:8443/') }))?.probe.reply).toBe('answered');
    expect(asked).toHaveLength(2);
  });

  it('tells a host that does not answer from one that cannot be reached', async () => {
    const { ask, timers } = setUp(never);
    const result = ask();
    await vi.waitFor(() => expect(timers).toHaveLength(1));
    timers[0]?.();
    expect((await result)?.probe.reply).toBe('stalled');
  });

  it('ends when the host answers the app again, which tells as much, and is forgotten', async () => {
    const { probes, ask, asked } = setUp(never);
    const result = ask();
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    probes.healed('https://api.shop.example');
    expect(await result).toMatchObject({ probe: { reply: 'answered' }, otherName: { reply: 'not_run' }, readable: 'not_run' });
    expect(await ask()).toBeUndefined();
  });

  it('is cancelled when the consent is gone, and says nothing', async () => {
    const { probes, ask, asked } = setUp(never);
    const result = ask();
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    probes.stop();
    expect(await result).toBeUndefined();
    expect(await ask()).toBeUndefined();
  });

  it('asks for a readable answer of the path, without its query, only where the host answers', async () => {
    const { ask, asked } = setUp((_url, { mode }) => (mode === 'cors' ? refused() : fine()));
    expect((await ask({ mayRead: true }))?.readable).toBe('no');
    expect(asked.at(-1)?.url).toBe('https://api.shop.example/v1/cart');
    const failing = setUp(refused);
    expect((await failing.ask({ mayRead: true }))?.readable).toBe('not_run');
    expect(failing.asked).toHaveLength(1);
  });

  it('finds an endless redirect by asking for the first step alone', async () => {
    const answer = (_url: string, { redirect }: RequestInit): Promise<Response> =>
      redirect === 'manual' ? Promise.resolve({ type: 'opaqueredirect', text: () => Promise.resolve('') } as Response) : refused();
    expect((await setUp(answer).ask({ mayRedirect: () => true }))?.redirected).toBe(true);
    expect((await setUp(answer).ask({ seemsRedirected: true }))?.redirected).toBe(true);
    expect((await setUp(answer).ask())?.redirected).toBe(false);
    // An answer that is no redirect proves nothing.
    const plain = (_url: string, { redirect }: RequestInit): Promise<Response> => (redirect === 'manual' ? fine() : refused());
    expect((await setUp(plain).ask({ seemsRedirected: true }))?.redirected).toBe(false);
    expect((await setUp(refused).ask({ mayRedirect: () => true }))?.redirected).toBe(false);
  });
});

describe('sortLandmarks', () => {
  it('reads the role of a landmark from its URL', () => {
    const sorted = sortLandmarks(
      [
        'https://api.alt.example/health',
        'https://192.0.2.7/health',
        'https://api.shop.example:8443/',
        'https://api.shop.example/same',
        'https://api.alt.example:8443/',
        'stun:api.shop.example:3478',
        'turns:api.shop.example:443?transport=tcp',
      ],
      URL_,
    );
    expect(sorted).toEqual({
      otherName: ['https://api.alt.example/health', 'https://192.0.2.7/health'],
      otherPort: ['https://api.shop.example:8443/'],
      otherBoth: ['https://api.alt.example:8443/'],
      stun: 'stun:api.shop.example:3478',
      turns: 'turns:api.shop.example:443?transport=tcp',
    });
  });
});
