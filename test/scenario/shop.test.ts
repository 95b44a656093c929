/** The shop's failures as Node sees them: every fault fails on a real socket, in its own way. */
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startShop, type Shop } from '../../examples/shop/src/index.js';

/** For an answer that has to come, on any machine, and for one that never does. */
const PATIENCE_MS = 30_000;
const MUTE_MS = 1_500;
const COLLECTORS = ['http://127.0.0.1:4710', 'http://127.0.0.2:4711'];

let shop: Shop;

beforeAll(async () => {
  shop = await startShop({ port: 0, collectors: COLLECTORS, recipientKey: 'k'.repeat(43), liveUrl: 'http://127.0.0.1:4720/live/shop-dev' });
});
afterAll(() => shop.close());

interface Outcome {
  readonly code: string;
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
}

function request(url: string, patienceMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const take = (response: IncomingMessage): void => {
      response.resume();
      resolve({ code: '', status: response.statusCode ?? 0, headers: response.headers });
    };
    const options = { signal: AbortSignal.timeout(patienceMs), headers: { origin: shop.url }, agent: false as const };
    const sent = url.startsWith('https:') ? httpsGet(url, { ...options, ca: shop.authorityCert }, take) : httpGet(url, options, take);
    sent.on('error', (error: NodeJS.ErrnoException & { cause?: Error }) =>
      resolve({ code: error.cause?.name === 'TimeoutError' ? 'TimeoutError' : (error.code ?? error.name), status: 0, headers: {} }),
    );
  });
}

const ask = (id: string): Promise<Outcome> => {
  const fault = shop.faults.find((one) => one.id === id);
  if (!fault) throw new Error(`there is no fault ${id}`);
  return request(fault.url, id === 'mute' ? MUTE_MS : PATIENCE_MS);
};

describe('a fault of the shop', () => {
  it.each([
    ['closed', 'ECONNREFUSED'],
    ['mute', 'TimeoutError'],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['hang-up', 'ECONNRESET'],
  ])('%s fails with %s', async (id, code) => {
    expect((await ask(id)).code).toBe(code);
  });

  it('unresolvable fails in the lookup', async () => {
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain((await ask('unresolvable')).code);
  });

  it('http-503 is an answer that the page may read', async () => {
    const { status, headers } = await ask('http-503');
    expect(status).toBe(503);
    expect(headers['access-control-allow-origin']).toBe(shop.url);
  });

  it('no-cors is a good answer that no page may read', async () => {
    const { status, headers } = await ask('no-cors');
    expect(status).toBe(200);
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it('has one button each', () => {
    expect(shop.faults.map(({ id }) => id)).toHaveLength(new Set(shop.faults.map(({ label }) => label)).size);
    expect(shop.faults).toHaveLength(9);
  });
});

describe('the shop itself', () => {
  it('sells, and counts what it answers by status', async () => {
    const products = (await (await fetch(`${shop.url}/api/products`)).json()) as { id: string }[];
    expect(products.map(({ id }) => id)).toContain('lantern');
    expect((await fetch(`${shop.url}/api/products/none`)).status).toBe(404);
    const order = await fetch(`${shop.url}/api/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"items":["bell"]}',
    });
    expect(order.status).toBe(201);
    const metrics = await (await fetch(`${shop.url}/metrics`)).text();
    expect(metrics).toMatch(/^http_requests_total\{status="200"\} 1$/m);
    expect(metrics).toMatch(/^http_requests_total\{status="404"\} 1$/m);
    expect(metrics).toMatch(/^http_requests_total\{status="503"\} 0$/m);
  });

  it('allows its page only the shop, its faults and the collectors', async () => {
    const page = await fetch(`${shop.url}/`);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    const sources = /connect-src ([^;]+)/.exec(policy)?.[1]?.split(' ') ?? [];
    const expected = ["'self'", ...new Set(shop.faults.map(({ url }) => new URL(url).origin)), ...COLLECTORS];
    expect(new Set(sources)).toEqual(new Set(expected));
  });

  it('tells the page nothing but public settings', async () => {
    const settings = (await (await fetch(`${shop.url}/settings.json`)).json()) as Record<string, unknown>;
    expect(Object.keys(settings).sort()).toEqual(['collectors', 'faults', 'hosts', 'live_url', 'project', 'recipient_key', 'release']);
    expect(JSON.stringify(settings)).not.toContain('PRIVATE');
  });

  it('has the share of 503 answers that it is told to have', async () => {
    const drawn = [0.9, 0.1, 0.9];
    const flaky = await startShop({
      port: 0,
      collectors: [],
      recipientKey: '',
      liveUrl: '',
      errorShare: 0.5,
      random: () => drawn.shift() ?? 1,
    });
    try {
      const statuses = [];
      for (let n = 0; n < 3; n += 1) statuses.push((await fetch(`${flaky.url}/api/products`)).status);
      expect(statuses).toEqual([200, 503, 200]);
    } finally {
      await flaky.close();
    }
  });
});
