import { describe, expect, it } from 'vitest';
import { makeConclude } from '../../../sdk-browser/src/conclude.js';
import type { Evidence } from '../../../sdk-browser/src/diagnose.js';
import { watchPolicy } from '../../../sdk-browser/src/policy.js';
import type { Ending } from '../../../sdk-browser/src/watch/ending.js';

const ABORTED: Ending = { how: 'aborted', statusCode: 0, silent: true };

async function conclude(
  ending: Ending,
  elapsedMs: number,
  { visible = true, closing = false, stands = () => true } = {},
): Promise<string[]> {
  const told: string[] = [];
  const run = makeConclude({
    agent: {
      routeOf: (path) => (path === '/cart/7' ? '/cart/:id' : null),
      observe: ({ outcome }) => told.push(outcome),
      fail: ({ diagnosis, route }) => told.push(`${diagnosis.type} ${diagnosis.kind} ${route}`),
    },
    gatherer: {
      gather: (request) =>
        Promise.resolve<Evidence>({
          ...request.ending,
          elapsedMs,
          online: true,
          policy: 'none',
          probe: 'not_run',
          witnessesAsked: 0,
          witnessesReached: 0,
          readBefore: false,
          trace: 'none',
        }),
      answered: () => undefined,
    },
    lifecycle: { isClosing: () => closing, visibleSince: () => visible },
    performance: { getEntriesByName: () => [] },
    count4xx: false,
  });
  const url = new URL('https://api.shop.example/cart/7');
  await run({ url, method: 'GET', resource: 'fetch', startedAtMs: 1, startedMark: 0, stands }, ending, elapsedMs);
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

describe('a request that began under a consent that is gone', () => {
  it('is not told of, whether it went before the answer or while the failure was looked at', async () => {
    expect(await conclude({ how: 'answered', statusCode: 200, silent: false }, 50, { stands: () => false })).toEqual([]);
    const answers = [true, false];
    expect(await conclude({ ...ABORTED, how: 'failed' }, 50, { stands: () => answers.shift() ?? false })).toEqual([]);
  });
});

describe('watchPolicy', () => {
  const setUp = (protocol: string) => {
    const document = new EventTarget();
    const clock = { ms: 0 };
    const policy = watchPolicy({ location: { protocol }, document } as unknown as Window, () => clock.ms);
    policy.start();
    const violate = (blockedURI: string, disposition: string): void => {
      document.dispatchEvent(Object.assign(new Event('securitypolicyviolation'), { blockedURI, disposition }));
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

  it('believes no rule for hours after the clock was set back', () => {
    const { policy, clock, violate } = setUp('https:');
    clock.ms = 7_200_000;
    violate('https://api.shop.example/other', 'enforce');
    clock.ms = 3_600_000;
    expect(policy.stopped(new URL('https://api.shop.example/x'))).toBe('none');
  });

  it('calls plain http on a secure page mixed content, except on loopback', () => {
    expect(setUp('https:').policy.stopped(new URL('http://api.shop.example'))).toBe('mixed_content');
    expect(setUp('https:').policy.stopped(new URL('http://127.0.0.1:8080'))).toBe('none');
    expect(setUp('http:').policy.stopped(new URL('http://api.shop.example'))).toBe('none');
  });
});
