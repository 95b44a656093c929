/** The Node agent over real failures on real sockets. Long because each fault brings the small server that makes it. */
import { channel } from 'node:diagnostics_channel';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { init } from '../../../sdk-node/src/index.js';
import type { AgentEvent, NodeOutcry, NodePlatform, OutcryOptions } from '../../../sdk-node/src/index.js';
import { KEYS, startCollector } from '../sdk-core/collector.js';
import { until } from '../sdk-core/place.js';
import { afterRequest, closeAll, closedPort, makeCertificates, onConnect, tls } from './faults.js';

const certificates = makeCertificates();
const agents: NodeOutcry[] = [];
const NOWHERE = 'http://127.0.0.9:9';
/** The app's own time limit: long enough for a connection on any machine. */
const LIMIT_MS = 1_500;

function watching(options: Partial<OutcryOptions> = {}, platform: Partial<NodePlatform> = {}) {
  const agent = init(
    {
      project: 'shop',
      release: '1.0.0',
      hosts: ['127.0.0.1', 'localhost', 'nope.invalid'],
      collectors: [NOWHERE],
      witnesses: [],
      recipientKey: KEYS.publicKey,
      consent: 'granted',
      ...options,
    },
    { liveDelayMs: 600_000, ...platform },
  );
  agents.push(agent);
  const seen: Extract<AgentEvent, { kind: 'diagnosed' }>[] = [];
  agent.onEvent((event) => void (event.kind === 'diagnosed' && seen.push(event)));
  return { agent, seen };
}

afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.setConsent('unknown');
  await closeAll();
});
afterAll(closeAll);

const byFetch = async (url: string, init?: RequestInit): Promise<void> => {
  await fetch(url, init).then((response) => response.text());
};
const byHttp = (url: string, options: https.RequestOptions = {}): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = (url.startsWith('https') ? https : http).get(url, { agent: false, ...options }, (response) => {
      response.resume().on('end', resolve).on('error', reject);
    });
    request.on('error', reject);
  });

interface Fault {
  readonly name: string;
  readonly url: () => Promise<string>;
  readonly fetch: [type: string, kind: string];
  readonly http?: [type: string, kind: string];
}

const plain = (port: number): string => `http://127.0.0.1:${port}/`;
const secure = (port: number): string => `https://localhost:${port}/`;

const FAULTS: Fault[] = [
  { name: 'a name of .invalid', url: async () => 'http://nope.invalid/', fetch: ['dns.name_not_resolved', 'dns'] },
  { name: 'a closed port', url: async () => plain(await closedPort()), fetch: ['tcp.refused', 'routing'] },
  {
    name: 'a self-signed certificate',
    url: async () => secure(await tls(certificates.selfSigned)),
    fetch: ['tls.cert.authority_invalid', 'tls'],
  },
  {
    name: 'TLS without a common version',
    url: async () =>
      secure(await tls(certificates.selfSigned, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })),
    fetch: ['tls.version_or_cipher_mismatch', 'tls'],
  },
  {
    name: 'plain HTTP on a TLS port',
    url: async () => secure(await afterRequest((s) => s.end('HTTP/1.1 200 OK\r\n\r\n'))),
    fetch: ['tls.protocol.error', 'tls'],
  },
  { name: 'FIN in the handshake', url: async () => secure(await afterRequest((s) => s.end())), fetch: ['tcp.closed', 'tls'] },
  { name: 'RST in the handshake', url: async () => secure(await afterRequest((s) => s.resetAndDestroy())), fetch: ['tcp.reset', 'tls'] },
  {
    name: 'FIN after the request',
    url: async () => plain(await afterRequest((s) => s.end())),
    fetch: ['http.response.invalid.empty', 'http'],
  },
  { name: 'RST after the request', url: async () => plain(await afterRequest((s) => s.resetAndDestroy())), fetch: ['tcp.reset', 'http'] },
  {
    name: 'garbage instead of a status line',
    url: async () => plain(await afterRequest((s) => s.end('garbage\r\n\r\n'))),
    fetch: ['http.response.invalid', 'http'],
  },
  {
    name: 'status 503',
    url: async () => plain(await afterRequest((s) => s.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'))),
    fetch: ['http.error', 'http'],
  },
  {
    name: 'a body cut off by FIN',
    url: async () => plain(await afterRequest((s) => s.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'))),
    fetch: ['tcp.closed', 'http'],
    http: ['http.response.invalid.content_length_mismatch', 'http'],
  },
];

describe('diagnosis of real failures', () => {
  for (const { name, url, ...expected } of FAULTS)
    for (const [how, call] of [
      ['fetch', byFetch],
      ['http', byHttp],
    ] as const)
      it(`names ${name} with ${how}`, async () => {
        const { seen } = watching();
        const error = await call(await url()).catch((thrown: unknown) => thrown);
        await until(() => seen.length > 0).catch(() => {
          throw new Error('nothing diagnosed', { cause: error });
        });
        const { failure } = seen[0] as (typeof seen)[0];
        expect([failure.type, failure.kind]).toEqual((how === 'http' && expected.http) || expected.fetch);
        expect(failure.resource).toBe(how);
        expect(seen).toHaveLength(1);
      });

  it('names an expired certificate and one of another name, with http', async () => {
    const { seen } = watching();
    await byHttp(secure(await tls(certificates.expired)), { ca: certificates.ca }).catch(() => undefined);
    await byHttp(secure(await tls(certificates.otherName)), { ca: certificates.ca }).catch(() => undefined);
    await until(() => seen.length === 2);
    expect(seen.map(({ failure }) => failure.type)).toEqual(['tls.cert.date_invalid', 'tls.cert.name_invalid']);
  });

  it('names a request that the app gave up by its own timer', async () => {
    const { seen } = watching();
    const port = await afterRequest(() => undefined);
    await byFetch(plain(port), { signal: AbortSignal.timeout(LIMIT_MS) }).catch(() => undefined);
    await byHttp(plain(port), { signal: AbortSignal.timeout(LIMIT_MS) }).catch(() => undefined);
    await until(() => seen.length === 2);
    for (const { failure } of seen) expect(failure).toMatchObject({ type: 'abandoned', kind: 'timeout', phase: 'application' });
  });

  it('names a redirect loop, with fetch, and no chain that comes to an end', async () => {
    const { agent, seen } = watching();
    let left = 20;
    const to = (path: string): string => `HTTP/1.1 302 Found\r\nLocation: ${path}\r\nContent-Length: 0\r\n\r\n`;
    const ending = await afterRequest((s) => s.end(left-- > 0 ? to(`/${left}?a=b#c`) : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    await byFetch(plain(ending));
    await until(() => agent.preview().next.attempts[0]?.succeeded === 21);
    expect(seen).toEqual([]);
    const endless = await afterRequest((s) => s.end(to('/again')));
    // Two at once: neither hides the other.
    await Promise.all([0, 1].map(() => expect(byFetch(plain(endless))).rejects.toThrow()));
    await until(() => seen.length > 0);
    expect(seen[0]?.failure).toMatchObject({ type: 'http.response.redirect_loop', kind: 'http', phase: 'application' });
  });

  it('tells a TLS handshake that stalled from a name or a connection, with http', async () => {
    const { seen } = watching();
    await byHttp(secure(await onConnect(() => undefined)), { signal: AbortSignal.timeout(LIMIT_MS) }).catch(() => undefined);
    // The handshake is tried once more, and does not end then either.
    await expect.poll(() => seen.length, { timeout: 15_000 }).toBe(1);
    expect(seen[0]?.failure).toMatchObject({ type: 'tls.failed', kind: 'tls', phase: 'connection', confidence_pct: 90 });
  }, 20_000);

  it('reports no other abort', async () => {
    const { agent, seen } = watching();
    const port = await afterRequest(() => undefined);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    await byFetch(plain(port), { signal: stop.signal }).catch(() => undefined);
    await new Promise((resolve) => {
      const request = http.get(plain(port)).on('error', resolve);
      setTimeout(() => request.destroy(), 50);
    });
    await until(() => agent.preview().next.attempts[0]?.made === 2);
    expect(seen).toEqual([]);
    expect(agent.preview().next.attempts[0]).toMatchObject({ host: '127.0.0.1', succeeded: 0, failed: 0, aborted: 2 });
  });

  it('reports no request that the app destroys before it was sent', async () => {
    const { agent, seen } = watching();
    const port = await onConnect(() => undefined);
    const never: LookupFunction = () => undefined;
    for (const [url, options] of [
      ['http://nope.invalid/', { lookup: never }],
      [secure(port), {}],
    ] as const)
      await new Promise((resolve) => {
        const request = (url.startsWith('https') ? https : http).get(url, { agent: false, ...options }).on('error', resolve);
        setTimeout(() => request.destroy(), 50);
      });
    await until(() => agent.preview().next.attempts.length === 2);
    expect(agent.preview().next.attempts).toMatchObject([
      { failed: 0, aborted: 1 },
      { failed: 0, aborted: 1 },
    ]);
    expect(seen).toEqual([]);
  });

  it('reports a status of 404 only when asked', async () => {
    const url = plain(await afterRequest((s) => s.end('HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n')));
    const { seen } = watching();
    const asked = watching({ count4xx: true });
    await byFetch(url);
    await until(() => asked.seen.length === 1);
    expect(asked.seen[0]?.failure).toMatchObject({ type: 'http.error', status_code: 404 });
    expect(seen).toEqual([]);
  });
});

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

describe('a request that asks for another protocol', () => {
  const upgrading = (port: number): http.ClientRequest =>
    http.get(plain(port), { headers: { connection: 'Upgrade', upgrade: 'websocket' } }).on('error', () => undefined);

  it('has succeeded once the connection is handed over, which stays open', async () => {
    const timers = new Set<object>();
    const { agent, seen } = watching(
      {},
      {
        setTimer(run, ms) {
          const timer = { run, ms };
          timers.add(timer);
          return () => void timers.delete(timer);
        },
      },
    );
    const port = await afterRequest((s) => s.write(SWITCHING));
    const socket = await new Promise<Socket>((resolve) => upgrading(port).on('upgrade', (_, handed: Socket) => resolve(handed)));
    await until(() => agent.preview().next.attempts[0]?.succeeded === 1);
    expect(agent.preview().next.attempts[0]).toMatchObject({ made: 1, failed: 0, aborted: 0 });
    expect(socket.destroyed).toBe(false);
    // The clock of sleep is looked at for requests under way only.
    expect([...timers].filter((timer) => (timer as { ms: number }).ms === 2_000)).toEqual([]);
    socket.destroy();
    expect(seen).toEqual([]);
  });

  it('is answered, and its connection ended by Node, where the app hears of no upgrade', async () => {
    let ended = false;
    const { agent } = watching();
    const port = await afterRequest((s) => void s.on('close', () => (ended = true)).write(SWITCHING));
    upgrading(port);
    await until(() => ended && agent.preview().next.attempts[0]?.succeeded === 1);
  });

  it('fails by the status of who refuses it', async () => {
    const { agent, seen } = watching();
    const port = await afterRequest((s) => s.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'));
    upgrading(port).on('response', (response) => response.resume());
    await until(() => seen.length === 1);
    expect(agent.preview().next.attempts[0]).toMatchObject({ made: 1, failed: 1 });
  });
});

describe('a request of undici that asks for another protocol', () => {
  it('is counted neither way, since no channel tells that it succeeded', async () => {
    const { agent, seen } = watching();
    for (const asking of [{ method: 'GET', upgrade: 'websocket' }, { method: 'CONNECT' }, { method: 'GET' }]) {
      const request = { origin: 'http://127.0.0.1:9', path: '/', ...asking };
      channel('undici:request:create').publish({ request });
      channel('undici:request:error').publish({
        request,
        error: Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }),
      });
    }
    await until(() => agent.preview().next.attempts.length > 0);
    expect(agent.preview().next.attempts).toMatchObject([{ made: 1 }]);
    expect(seen).toHaveLength(1);
  });
});

describe('watching', () => {
  it('counts requests that succeed, and names the route only from the list', async () => {
    const ok = plain(await afterRequest((s) => s.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')));
    const bad = plain(await afterRequest((s) => s.end('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n')));
    const { agent, seen } = watching({ routes: ['/cart/:id'] });
    await byFetch(`${ok}secret?token=1`);
    await byHttp(ok);
    await byFetch(`${bad}cart/zebra?token=1`).catch(() => undefined);
    await byFetch(`${bad}secret`).catch(() => undefined);
    await until(() => agent.preview().next.attempts[0]?.made === 4);
    expect(agent.preview().next.attempts[0]).toMatchObject({ succeeded: 2, failed: 2, aborted: 0 });
    expect(seen.map(({ failure }) => failure.route)).toEqual(['/cart/:id', null]);
    expect(JSON.stringify([seen, agent.preview()])).not.toMatch(/secret|token|zebra/);
  });

  it('looks at no other host, and at nothing before consent or after withdrawal', async () => {
    const { agent, seen } = watching({ hosts: ['api.shop.example'] });
    const silent = watching({ consent: 'unknown' });
    const url = plain(await closedPort());
    await byFetch(url).catch(() => undefined);
    await silent.agent.setConsent('granted');
    await silent.agent.setConsent('denied');
    await byFetch(url).catch(() => undefined);
    expect(seen).toEqual([]);
    expect(silent.seen).toEqual([]);
    expect(agent.preview().next.attempts).toEqual([]);
  });

  it('never watches the requests of an agent, even where the collector is a watched host', async () => {
    const c = await startCollector();
    const { agent, seen } = watching({ collectors: [c.origin] }, { liveDelayMs: 0 });
    await byFetch(plain(await closedPort())).catch(() => undefined);
    await until(() => seen.length === 1);
    await agent.flush();
    expect(c.received).toHaveLength(1);
    expect(agent.preview().next.attempts).toMatchObject([{ made: 1, failed: 1 }]);
    await c.close();
  });

  it('tells many agents of one process apart by the context of the caller', async () => {
    const who = new AsyncLocalStorage<string>();
    const of = (name: string) => watching({}, { accept: () => who.getStore() === name });
    const a = of('a');
    const b = of('b');
    const url = plain(await afterRequest((s) => s.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n')));
    await who.run('a', () => byFetch(url));
    await who.run('b', () => byFetch(url));
    await who.run('b', () => byHttp(url));
    await byFetch(url);
    await until(() => a.seen.length === 1 && b.seen.length === 2);
    expect(a.agent.preview().next.attempts[0]?.made).toBe(1);
    expect(b.agent.preview().next.attempts[0]?.made).toBe(2);
  });

  it('never watches a witness with a query, nor a request to it that is spelt in another way', async () => {
    const asked: (string | undefined)[] = [];
    const server = http.createServer(({ url }, response) => {
      asked.push(url);
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { agent } = watching({ witnesses: [plain(port) + 'label?from=shop'] }, { liveDelayMs: 0 });
    await until(() => asked.length === 1);
    await byFetch(`HTTP://127.0.0.1:${port}/label?from=shop`);
    expect(agent.preview().next.attempts).toEqual([]);
    await byFetch(`${plain(port)}label?from=elsewhere`);
    await until(() => agent.preview().next.attempts[0]?.made === 1);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('sees every form of http.request alike, with a host in capitals, and each hop of a redirect', async () => {
    const server = http.createServer((request, response) => {
      if (request.url === '/from') response.writeHead(302, { location: '/to' }).end();
      else response.writeHead(503).end();
    });
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const { port } = server.address() as { port: number };
    const { agent, seen } = watching({ routes: ['/to', '/cart/:id'] });
    const finished = (request: http.ClientRequest): Promise<unknown> =>
      new Promise((resolve, reject) => request.on('response', (response) => response.resume().on('end', resolve)).on('error', reject));
    await finished(http.get({ hostname: 'LOCALHOST', port, path: '/cart/7?token=secret' }));
    await finished(http.get(new URL(`http://localhost:${port}/cart/8`)));
    await finished(http.get(`http://localhost:${port}/other`, { headers: { host: 'elsewhere.example' } }));
    await byFetch(`http://LocalHost:${port}/from`);
    await until(() => seen.length === 4);
    expect(seen.map(({ failure: { host, route, resource } }) => [host, route, resource])).toEqual([
      ['localhost', '/cart/:id', 'http'],
      ['localhost', '/cart/:id', 'http'],
      ['localhost', null, 'http'],
      ['localhost', '/to', 'fetch'],
    ]);
    expect(agent.preview().next.attempts).toMatchObject([{ made: 5, succeeded: 1, failed: 4 }]);
    expect(JSON.stringify([seen, agent.preview()])).not.toMatch(/secret|token|elsewhere/);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('reports no request whose signal was aborted before it began', async () => {
    const url = plain(await closedPort());
    const { agent, seen } = watching();
    await expect(byFetch(url, { signal: AbortSignal.abort() })).rejects.toThrow();
    await expect(byHttp(url, { signal: AbortSignal.abort() })).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toEqual([]);
    expect(agent.preview().next.attempts.filter(({ failed }) => failed > 0)).toEqual([]);
  });

  it('tells nothing of a failure whose witnesses were asked under a consent that was taken back since', async () => {
    let asked = 0;
    const mute = http.createServer(() => void asked++);
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as { port: number };
    const { agent } = watching({ witnesses: [`http://127.0.0.1:${port}/label`] });
    await byFetch('http://nope.invalid/').catch(() => undefined);
    await until(() => asked > 0);
    void agent.setConsent('denied');
    await agent.setConsent('granted');
    await agent.pending();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(agent.preview().next).toMatchObject({ failures: [], attempts: [] });
    expect(await agent.pending()).toEqual({ unsealed: 0, envelopes: 0, bytes: 0 });
    mute.closeAllConnections();
    await new Promise((resolve) => mute.close(resolve));
  });

  it('tells nothing of a request that began under a consent that was taken back since', async () => {
    let answer = (): void => undefined;
    const server = http.createServer((_, response) => void (answer = () => void response.writeHead(503).end()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { agent, seen } = watching();
    const url = plain((server.address() as { port: number }).port);
    for (const by of [byFetch, byHttp]) {
      answer = () => undefined;
      const before = answer;
      const asked = by(url);
      await until(() => answer !== before);
      await agent.setConsent('denied');
      await agent.setConsent('granted');
      answer();
      await asked;
    }
    await agent.pending();
    expect([seen, agent.preview().next.attempts]).toEqual([[], []]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('keeps the answer of a request as it is, and warns of no leak on a kept-alive connection', async () => {
    const warnings: Error[] = [];
    process.on('warning', (warning) => warnings.push(warning));
    const server = http.createServer((_, response) => void response.end('same'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { agent } = watching();
    const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 30; i++) await byHttp(plain(port), { agent: keepAlive });
    expect(await (await fetch(plain(port))).text()).toBe('same');
    await until(() => agent.preview().next.attempts[0]?.succeeded === 31);
    expect(warnings).toEqual([]);
    keepAlive.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
