import { describe, expect, it } from 'vitest';
import { watchLeaving } from '../../../sdk-browser/src/leaving.js';
import { watchSleep } from '../../../sdk-core/src/sleep.js';
import { makeTimings } from '../../../sdk-browser/src/timings.js';

const ADDRESS = 'https://api.shop.example/v1';
const entry = (more: object, name = ADDRESS) =>
  ({
    name,
    startTime: 1_000,
    duration: 300,
    connectStart: 0,
    secureConnectionStart: 0,
    connectEnd: 0,
    requestStart: 0,
    responseStart: 0,
    ...more,
  }) as PerformanceResourceTiming;
const cold = (tcp: number, tls: number, answer: number, name?: string) =>
  entry(
    {
      connectStart: 1_000,
      secureConnectionStart: 1_000 + tcp,
      connectEnd: 1_000 + tcp + tls,
      requestStart: 1_500,
      responseStart: 1_500 + answer,
    },
    name,
  );

function setUp(engine: 'chromium' | 'firefox' = 'chromium', sinceMark = 0) {
  let pending: PerformanceResourceTiming[] = [];
  const buffered: PerformanceResourceTiming[] = [];
  class Observer {
    observe(): void {}
    disconnect(): void {}
    takeRecords(): PerformanceResourceTiming[] {
      return pending.splice(0);
    }
  }
  const timings = makeTimings({
    performance: { getEntriesByName: () => buffered },
    Observer: Observer as unknown as typeof PerformanceObserver,
    engine,
    watched: (host) => host === 'api.shop.example',
    sameAs: (host) => (host === 'api.alt.example' ? 'api.shop.example' : host),
  });
  timings.start(sinceMark);
  return {
    timings,
    buffered,
    add: (...entries: PerformanceResourceTiming[]) => void (pending = [...pending, ...entries]),
  };
}
const host = 'api.shop.example';

describe('the round-trip time to a host', () => {
  it('is the smallest phase of connections that were made, its landmarks included', () => {
    const { timings, add } = setUp();
    expect(timings.roundTrip(host)).toBeUndefined();
    add(cold(95, 130, 200), cold(120, 90, 101));
    expect(timings.roundTrip(host)).toMatchObject({ ms: 90, exact: true });
    add(cold(82, 95, 100, 'https://api.alt.example/health'));
    expect(timings.roundTrip(host)?.ms).toBe(82);
    add(cold(5, 5, 5, 'https://other.example/'));
    expect(timings.roundTrip(host)?.ms).toBe(82);
  });

  it('comes with the knowledge that the host speaks HTTP/2 or 3, where the page may see it', () => {
    const { timings, add } = setUp();
    add(cold(95, 96, 97), entry({ nextHopProtocol: 'http/1.1' }));
    expect(timings.roundTrip(host)?.ms).toBe(95);
    expect(timings.isMultiplexed(host)).toBe(false);
    add(entry({ nextHopProtocol: 'h2' }));
    expect(timings.isMultiplexed(host)).toBe(true);
  });

  it('is not learnt from what began before the consent, nor is an element told of that did', () => {
    const { timings, add, buffered } = setUp('chromium', 1_001);
    add(cold(95, 96, 97));
    expect(timings.roundTrip(host)).toBeUndefined();
    expect(timings.startOf(ADDRESS)).toBeUndefined();
    buffered.push(entry({}));
    expect(timings.startOf(ADDRESS)).toBe('before');
    buffered.push(entry({ startTime: 1_001 }));
    expect(timings.startOf(ADDRESS)).toBe(1_001);
  });

  it('is not known from samples that scatter: the page was busy', () => {
    const { timings, add } = setUp();
    add(cold(160, 380, 240));
    expect(timings.roundTrip(host)).toBeUndefined();
    add(cold(165, 170, 400));
    expect(timings.roundTrip(host)?.ms).toBe(160);
  });

  it('says how many round trips TLS takes', () => {
    const { timings, add } = setUp();
    add(cold(80, 165, 85), cold(90, 170, 84));
    expect(timings.roundTrip(host)?.tlsTrips).toBeCloseTo(2.06, 1);
  });

  it('without the header is bounded by whole answers, once there are enough, and not exact', () => {
    const { timings, buffered } = setUp();
    for (let i = 0; i < 5; i++) {
      buffered[0] = entry({ duration: 200 - i });
      expect(timings.roundTrip(host)).toBeUndefined();
      timings.answered(new URL(ADDRESS), 1_000);
    }
    expect(timings.roundTrip(host)).toEqual({ ms: 196, exact: false, tlsTrips: 1 });
  });
});

describe('the entry of a request', () => {
  it('is the one that started with it, also where the buffer of the page is full', () => {
    const { timings, buffered, add } = setUp();
    buffered.push(entry({ startTime: 500 }));
    expect(timings.entryOf(new URL(ADDRESS), 1_000)).toBeUndefined();
    add(entry({ startTime: 1_000.2 }));
    expect(timings.entryOf(new URL(ADDRESS), 1_001)?.startTime).toBe(1_000.2);
    expect(timings.startOf(ADDRESS)).toBe(500);
  });

  it('tells in Firefox alone whether a connection stood', () => {
    const trace = (engine: 'chromium' | 'firefox', duration: number) => {
      const { timings, add } = setUp(engine);
      add(entry({ duration }));
      return timings.traceOf(new URL(ADDRESS), 1_000);
    };
    expect(trace('firefox', 0)).toBe('no_connection');
    expect(trace('firefox', 250)).toBe('connection');
    expect(trace('chromium', 250)).toBe('none');
    expect(setUp('firefox').timings.traceOf(new URL(ADDRESS), 1_000)).toBe('none');
  });
});

describe('watchSleep', () => {
  function setUpSleep() {
    const clock = { ms: 0 };
    let next: (() => void) | undefined;
    const watch = watchSleep(
      () => clock.ms,
      (run) => {
        next = run;
        return () => (next = undefined);
      },
    );
    const pass = (ms: number): void => {
      clock.ms += ms;
      next?.();
    };
    return { watch, clock, pass, isTicking: () => next !== undefined };
  }

  it('notices a gap between ticks, a jump backwards too, and ticks only while requests are under way', () => {
    const { watch, pass, isTicking } = setUpSleep();
    expect(isTicking()).toBe(false);
    const first = watch.awake();
    pass(2_000);
    pass(2_900);
    expect(first.now()).toBe(false);
    pass(60_000);
    expect(first.now()).toBe(true);
    const second = watch.awake();
    pass(2_000);
    expect(first.end()).toBe(true);
    expect(isTicking()).toBe(true);
    expect(second.end()).toBe(false);
    expect(isTicking()).toBe(false);
    const third = watch.awake();
    pass(-3_600_000);
    expect(third.end()).toBe(true);
  });

  it('notices a gap that no tick could tell of yet', () => {
    const { watch, clock } = setUpSleep();
    const request = watch.awake();
    clock.ms += 3_600_000;
    expect(request.end()).toBe(true);
  });
});

describe('watchLeaving', () => {
  it('knows for ten seconds that the page goes to another document, and not of downloads or changes within it', () => {
    const navigation = new EventTarget();
    const clock = { ms: 1_000_000 };
    const leaving = watchLeaving({ navigation }, () => clock.ms);
    const navigate = (sameDocument: boolean, downloadRequest: string | null) =>
      navigation.dispatchEvent(Object.assign(new Event('navigate'), { destination: { sameDocument }, downloadRequest }));
    navigate(false, null);
    expect(leaving.isLeaving()).toBe(false);
    leaving.start();
    navigate(true, null);
    navigate(false, 'file.pdf');
    expect(leaving.isLeaving()).toBe(false);
    navigate(false, null);
    expect(leaving.isLeaving()).toBe(true);
    clock.ms += 10_000;
    expect(leaving.isLeaving()).toBe(false);
    leaving.stop();
    navigate(false, null);
    expect(leaving.isLeaving()).toBe(false);
    expect(watchLeaving({}, () => 0).isLeaving()).toBe(false);
  });
});
