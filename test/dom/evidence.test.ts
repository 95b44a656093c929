import { http, HttpResponse } from 'msw';
import { describe, expect, it, vi } from 'vitest';
import type { Failure } from '@outcry/protocol';
import { API, collected, COLLECTOR, openTab, RECEIPT, server, until, usePage } from './page.js';

usePage();

const fail = (path = '/down'): Promise<unknown> => fetch(API + path).catch(() => undefined);
const told = (): Failure[] => collected.bodies.flatMap(({ failures }) => [...failures]);

async function grantedTab(more = {}) {
  const tab = openTab(more);
  const evidence: (readonly string[])[] = [];
  tab.onEvent((event) => event.kind === 'diagnosed' && evidence.push(event.evidence));
  await tab.setConsent('granted', RECEIPT);
  return { tab, evidence };
}

describe('what is asked after a failure', () => {
  it('is the failing host once and the witnesses once, and the words of it stay on the device', async () => {
    const probes: string[] = [];
    server.use(
      http.head(`${API}/favicon.ico`, ({ request }) => {
        probes.push(request.mode);
        return HttpResponse.error();
      }),
    );
    const { evidence } = await grantedTab();
    await fetch(`${API}/ok`);
    await Promise.all([fail(), fail(), fail()]);
    await until(() => told().length > 0);
    expect(probes).toEqual(['no-cors']);
    expect(evidence[0]).toEqual([
      'The browser does not say why.',
      expect.stringMatching(/^The host cannot be reached now \(\d+ ms\)\.$/),
      '1 of 1 witnesses elsewhere answer.',
    ]);
    expect(told()[0]).toMatchObject({ type: 'unknown', count: 3, confidence_pct: 60 });
  });

  it('blames nobody for a host that fails at once and never worked in this browser', async () => {
    server.use(http.head(`${API}/favicon.ico`, () => HttpResponse.error()));
    await grantedTab();
    // At once is less than 30 ms: a busy machine is not to decide it.
    const standing = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    try {
      await fail();
      await until(() => told().length > 0);
    } finally {
      standing.mockRestore();
    }
    expect(told()[0]).toMatchObject({ type: 'policy.blocked', kind: 'blocked' });
  });

  it('says that the uplink is dead when no witness answers either', async () => {
    server.use(http.get(`${COLLECTOR}/v1/witness`, () => HttpResponse.error()));
    await grantedTab();
    await fail();
    await until(() => told().length > 0);
    expect(told()[0]).toMatchObject({ type: 'client.uplink_dead', kind: 'offline' });
  });

  it('says CORS when the host answers what may not be read, but not of an origin that was read before', async () => {
    server.use(http.head(`${API}/favicon.ico`, () => new HttpResponse(null)));
    await grantedTab();
    await fail();
    await until(() => told().length > 0);
    expect(told()[0]).toMatchObject({ type: 'cors.refused', kind: 'cors' });
    await fetch(`${API}/ok`);
    await fail();
    await until(() => told().length > 1);
    expect(told()[1]).toMatchObject({ kind: 'unknown' });
  });

  it('is nothing when a rule of the page forbade the request', async () => {
    const { tab, evidence } = await grantedTab();
    // The recording part is there once a request was counted.
    await fetch(`${API}/ok`);
    await until(() => tab.preview().next.attempts.length > 0);
    const asked = collected.requests.length;
    const failing = fail();
    const violation = new Event('securitypolicyviolation', { bubbles: true });
    document.dispatchEvent(
      Object.assign(violation, { blockedURI: `${API}/down`, disposition: 'enforce', effectiveDirective: 'connect-src' }),
    );
    await failing;
    await until(() => told().length > 0);
    expect(told()[0]).toMatchObject({ type: 'policy.csp', kind: 'blocked' });
    expect(evidence[0]).toEqual(['The rules of the page forbid it.']);
    expect(collected.requests.slice(asked).filter(({ url }) => url.endsWith('/v1/witness')).length).toBeLessThanOrEqual(1);
  });

  it('is cut short when the page is hidden, and what a closing page cuts off has not failed', async () => {
    let ask = (): void => undefined;
    let probe: AbortSignal | undefined;
    server.use(
      http.head(`${API}/favicon.ico`, ({ request }) => {
        probe = request.signal;
        return new Promise<never>(() => ask());
      }),
    );
    const asked = new Promise<void>((resolve) => (ask = resolve));
    const { tab } = await grantedTab();
    await fail();
    await asked;
    window.dispatchEvent(new Event('pagehide'));
    expect(probe?.aborted).toBe(true);
    await until(() => tab.preview().next.attempts.some(({ aborted }) => aborted === 1));
    window.dispatchEvent(new Event('pageshow'));
    expect(told()).toEqual([]);
  });
});

describe('count4xx', () => {
  it('reports answers of 404 too, which otherwise succeed', async () => {
    server.use(http.get(`${API}/gone`, () => new HttpResponse(null, { status: 404 })));
    await grantedTab({ count4xx: true });
    await fetch(`${API}/gone`);
    await until(() => told().length > 0);
    expect(told()[0]).toMatchObject({ type: 'http.error', status_code: 404 });
  });
});

describe('a second init', () => {
  it('warns and gives the first agent, until that is closed', async () => {
    const { makeInit } = await import('../../sdk-browser/src/init.js');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const init = makeInit({ recording: () => import('../../sdk-browser/src/recording.js'), nacl: () => Promise.reject(new Error()) });
    const options = { project: 'shop', release: '1', hosts: ['a.example'], collectors: [COLLECTOR], recipientKey: 'A'.repeat(43) };
    const first = init(options);
    expect(init(options)).toBe(first);
    expect(warn).toHaveBeenCalledOnce();
    await first.close();
    const second = init(options);
    expect(second).not.toBe(first);
    await second.close();
    warn.mockRestore();
  });
});
