import { describe, expect, it } from 'vitest';
import { makeConclude } from '../../../sdk-browser/src/conclude.js';
import type { Course, Started } from '../../../sdk-browser/src/conclude.js';
import type { Evidence } from '../../../sdk-browser/src/diagnose/evidence.js';
import { watchNetwork } from '../../../sdk-browser/src/network.js';
import { watchPolicy } from '../../../sdk-browser/src/policy.js';
import type { Ending } from '../../../sdk-browser/src/watch/ending.js';
import { REJECTED } from './seen.js';

const ABORTED: Ending = { how: 'aborted', statusCode: 0, silent: true };
const REQUEST: Omit<Started, 'stands'> = {
  url: new URL('https://api.shop.example/cart/7'),
  scheme: 'https',
  method: 'GET',
  resource: 'fetch',
  startedAtMs: 1,
  startedMark: 0,
};

interface Setting {
  readonly visible?: boolean;
  readonly closing?: boolean;
  readonly leaving?: boolean;
  readonly changed?: boolean;
  readonly stands?: () => boolean;
  readonly seen?: Partial<Evidence>;
  readonly resource?: Started['resource'];
}

function setUp({
  visible = true,
  closing = false,
  leaving = false,
  changed = false,
  stands = () => true,
  seen = {},
  resource = 'fetch',
}: Setting) {
  const told: string[] = [];
  const conclude = makeConclude({
    agent: {
      routeOf: (path) => (path === '/cart/7' ? '/cart/:id' : null),
      observe: ({ outcome }) => told.push(outcome),
      fail: ({ diagnosis, route }) => told.push(`${diagnosis.type} ${diagnosis.kind} ${route}`),
    },
    gatherer: {
      gather: ({ ending, elapsedMs, pending }) =>
        Promise.resolve<Evidence>({ ...REJECTED, ...ending, elapsedMs, pending, probe: 'not_run', byName: [], resource, ...seen }),
      answered: () => undefined,
      stop: () => undefined,
    },
    lifecycle: { isClosing: () => closing, visibleSince: () => visible },
    leaving: { isLeaving: () => leaving },
    network: { changedSince: () => changed },
    timings: { entryOf: () => undefined, answered: () => undefined },
    count4xx: false,
  });
  return { told, conclude, request: { ...REQUEST, resource, stands } };
}

async function conclude(ending: Ending, elapsedMs: number, setting: Setting & Partial<Course> = {}): Promise<string[]> {
  const { told, conclude: made, request } = setUp(setting);
  const { slept = false, reported, counted = false } = setting;
  await made.ended(request, ending, { elapsedMs, slept, reported, counted });
  return told;
}

describe('an abort', () => {
  it('after 10 s without an answer, in a page that was looked at, is a failure of kind timeout', async () => {
    expect(await conclude(ABORTED, 10_000)).toEqual(['failed', 'abandoned timeout /cart/:id']);
  });

  it('is only counted when it came earlier, after headers, or in a hidden page', async () => {
    expect(await conclude(ABORTED, 9_999)).toEqual(['aborted']);
    expect(await conclude({ ...ABORTED, silent: false }, 60_000)).toEqual(['aborted']);
    expect(await conclude(ABORTED, 60_000, { visible: false })).toEqual(['aborted']);
  });
});

describe('a failure', () => {
  it('that a closing page cut off is only counted', async () => {
    expect(await conclude({ ...ABORTED, how: 'failed' }, 50, { closing: true })).toEqual(['aborted']);
    expect(await conclude({ ...ABORTED, how: 'failed' }, 50)).toEqual(['failed', 'unknown unknown /cart/:id']);
  });
});

describe('what is no failure', () => {
  const FAILED: Ending = { ...ABORTED, how: 'failed' };

  it('is what a navigation cuts off, or what failed while the page slept', async () => {
    expect(await conclude(FAILED, 50, { leaving: true })).toEqual(['aborted']);
    expect(await conclude(FAILED, 50, { slept: true })).toEqual(['aborted']);
    expect(await conclude({ ...FAILED, how: 'timer' }, 9_000, { slept: true })).toEqual(['aborted']);
  });

  it('is an image that does not load while the network does nothing wrong', async () => {
    expect(await conclude(FAILED, 50, { resource: 'image', seen: { probe: 'answered' } })).toEqual(['aborted']);
    expect(
      await conclude(FAILED, 50, { resource: 'image', seen: { probe: 'failed', otherName: 'answered', otherPort: 'failed' } }),
    ).toEqual(['failed', 'dns.failed dns /cart/:id']);
  });
});

describe('a silent request', () => {
  const LOST: Partial<Evidence> = { probe: 'stalled', otherName: 'stalled', otherPort: 'stalled', byName: ['witness'] };
  const silent = async (setting: Setting, waits: () => boolean = () => true) => {
    const { told, conclude: made, request } = setUp(setting);
    const diagnosis = await made.silent(request, () => 11_500, waits);
    return { told, diagnosis };
  };

  it('is reported while it waits, when our own request is as silent', async () => {
    const { told, diagnosis } = await silent({ seen: LOST });
    expect(told).toEqual(['tcp.timed_out routing /cart/:id']);
    expect(diagnosis?.kind).toBe('routing');
  });

  it('is not where the host answers others, nothing could be asked, nobody looks, or it ended meanwhile', async () => {
    expect((await silent({ seen: { ...LOST, probe: 'answered' } })).told).toEqual([]);
    expect((await silent({ seen: { ...LOST, probe: 'not_run' } })).told).toEqual([]);
    expect((await silent({ seen: LOST, visible: false })).told).toEqual([]);
    const answers = [true, false];
    expect((await silent({ seen: LOST }, () => answers.shift() ?? false)).told).toEqual([]);
  });

  it('that was reported is only counted at its end, as what it turned out to be', async () => {
    const { diagnosis: reported } = await silent({ seen: LOST });
    expect(await conclude({ ...ABORTED, how: 'timer' }, 15_000, { reported })).toEqual(['failed']);
    expect(await conclude(ABORTED, 15_000, { reported, visible: false })).toEqual(['failed']);
    expect(await conclude({ how: 'answered', statusCode: 200, silent: false }, 15_000, { reported })).toEqual(['succeeded']);
  });
});

describe('a body that broke after its request was counted', () => {
  it('is reported and not counted again', async () => {
    expect(await conclude({ how: 'failed', statusCode: 200, silent: false }, 2_000, { counted: true })).toEqual([
      'http.response.invalid http /cart/:id',
    ]);
  });
});

describe('a request that began under a consent that is gone', () => {
  it('is not told of, whether it went before the answer or while the failure was looked at', async () => {
    expect(await conclude({ how: 'answered', statusCode: 200, silent: false }, 50, { stands: () => false })).toEqual([]);
    const answers = [true, false];
    expect(await conclude({ ...ABORTED, how: 'failed' }, 50, { stands: () => answers.shift() ?? false })).toEqual([]);
  });
});

describe('a network that changed meanwhile', () => {
  it('cuts off what then has not failed: a body, an answer, or what has healed', async () => {
    const broken: Ending = { how: 'failed', statusCode: 200, silent: false };
    expect(await conclude(broken, 900, { changed: true })).toEqual(['aborted']);
    expect(await conclude(broken, 900)).toEqual(['failed', 'http.response.invalid http /cart/:id']);
    expect(await conclude({ ...ABORTED, how: 'timer' }, 5_000, { changed: true, seen: { probe: 'answered' } })).toEqual(['aborted']);
    expect(await conclude({ ...ABORTED, how: 'failed' }, 900, { changed: true, seen: { probe: 'answered' } })).toEqual(['aborted']);
  });

  it('explains no status, no offline page, and nothing that fails again on the new one', async () => {
    const seen: Partial<Evidence> = { otherName: 'stalled', otherPort: 'stalled', probe: 'stalled', byName: ['witness'] };
    expect(await conclude({ how: 'answered', statusCode: 503, silent: false }, 9, { changed: true })).toContain('failed');
    expect(await conclude({ ...ABORTED, how: 'failed' }, 9, { changed: true, seen: { online: false } })).toContain(
      'client.offline offline /cart/:id',
    );
    expect(await conclude({ ...ABORTED, how: 'timer' }, 15_000, { changed: true, seen })).toContain('tcp.timed_out routing /cart/:id');
  });

  it('is known by its type where the browser tells it, and by its loss', () => {
    const connection = Object.assign(new EventTarget(), { type: 'wifi' });
    const scope = Object.assign(new EventTarget(), { navigator: { connection } });
    let mark = 0;
    const network = watchNetwork(scope as unknown as Window, () => mark);
    network.start();
    mark = 10;
    connection.dispatchEvent(new Event('change'));
    expect(network.changedSince(5)).toBe(false);
    connection.type = 'cellular';
    connection.dispatchEvent(new Event('change'));
    expect([network.changedSince(5), network.changedSince(11)]).toEqual([true, false]);
    mark = 20;
    scope.dispatchEvent(new Event('offline'));
    expect(network.changedSince(15)).toBe(true);
    network.stop();
    mark = 30;
    scope.dispatchEvent(new Event('offline'));
    expect(network.changedSince(25)).toBe(false);
  });
});

describe('watchPolicy', () => {
  const setUp = (protocol: string) => {
    const document = new EventTarget();
    const clock = { ms: 0 };
    const policy = watchPolicy({ location: { protocol }, document } as unknown as Window, () => clock.ms);
    policy.start();
    const violate = (blockedURI: string, disposition: string, effectiveDirective = 'connect-src'): void => {
      document.dispatchEvent(Object.assign(new Event('securitypolicyviolation'), { blockedURI, disposition, effectiveDirective }));
    };
    return { policy, clock, violate };
  };

  it('believes an enforced rule for ten seconds, and not one that only reports', () => {
    const { policy, clock, violate } = setUp('https:');
    const url = new URL('https://api.shop.example/x');
    violate('https://api.shop.example/', 'report');
    violate('inline', 'enforce');
    expect(policy.stopped(url)).toBe('none');
    violate('https://api.shop.example/other', 'enforce');
    expect(policy.stopped(url)).toBe('csp');
    expect(policy.stopped(new URL('https://other.example'))).toBe('none');
    clock.ms = 10_000;
    expect(policy.stopped(url)).toBe('none');
  });

  it('believes a rule only of what it is for: one against an image stops no fetch', () => {
    const url = new URL('https://api.shop.example/x');
    const { policy, clock, violate } = setUp('https:');
    violate('https://api.shop.example/logo.png', 'enforce', 'img-src');
    violate('https://api.shop.example/app.js', 'enforce', 'script-src-elem');
    for (const resource of ['fetch', 'xhr', 'websocket', 'eventsource', 'style', 'media'] as const)
      expect(policy.stopped(url, resource), resource).toBe('none');
    expect([policy.stopped(url, 'image'), policy.stopped(url, 'script')]).toEqual(['csp', 'csp']);
    clock.ms = 20_000;
    violate('https://api.shop.example/x', 'enforce', 'connect-src');
    for (const resource of ['fetch', 'xhr', 'websocket', 'eventsource'] as const)
      expect(policy.stopped(url, resource), resource).toBe('csp');
    expect(policy.stopped(url, 'image')).toBe('none');
    clock.ms = 40_000;
    violate('https://api.shop.example/x', 'enforce', 'default-src');
    for (const resource of ['fetch', 'image'] as const) expect(policy.stopped(url, resource), resource).toBe('csp');
  });

  it('takes a rule against our own small request for none against those of the app', () => {
    const { policy, violate } = setUp('https:');
    violate('https://api.shop.example/favicon.ico', 'enforce');
    expect(policy.stopped(new URL('https://api.shop.example/v1/cart'))).toBe('none');
  });

  it('believes no rule for hours after the clock was set back', () => {
    const { policy, clock, violate } = setUp('https:');
    clock.ms = 7_200_000;
    violate('https://api.shop.example/other', 'enforce');
    clock.ms = 3_600_000;
    expect(policy.stopped(new URL('https://api.shop.example/x'))).toBe('none');
  });

  it('knows a WebSocket by the origin that is asked over HTTP', () => {
    const { policy, violate } = setUp('https:');
    violate('wss://api.shop.example/live', 'enforce');
    expect(policy.stopped(new URL('https://api.shop.example/live'))).toBe('csp');
  });

  it('calls plain http on a secure page mixed content, except on loopback', () => {
    expect(setUp('https:').policy.stopped(new URL('http://api.shop.example'))).toBe('mixed_content');
    expect(setUp('https:').policy.stopped(new URL('http://127.0.0.1:8080'))).toBe('none');
    expect(setUp('http:').policy.stopped(new URL('http://api.shop.example'))).toBe('none');
  });
});
