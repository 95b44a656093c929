/** A whole collector on real sockets and a real journal; storage is not the subject. Long because all of it asks the one collector set up here. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { ERRORS, MAX_BODY_BYTES, encodeBody } from '@outcry/protocol';
import { makeRecipientKey } from '@outcry/protocol/open';
import type { CollectorOptions } from '@outcry/collector';
import { makeConfigKey, signConfig } from '../../../cli/src/agent-config.js';
import { newClaimant } from '../../../collector/src/journal/claim.js';
import {
  HOST,
  attempts,
  body,
  context,
  failure,
  newSigner,
  options,
  post,
  removeDirectory,
  seal,
  startCollector,
  storageOf,
  temporaryDirectory,
} from './sealed.js';

type Collector = Awaited<ReturnType<typeof startCollector>>;
let directory: string;
let collector: Collector | undefined;
let inserted: { table: string; values: string[]; token: string }[] = [];
const storage = storageOf((call) => Promise.resolve(void inserted.push(call)));
const start = async (change: Partial<CollectorOptions> = {}, parts = {}): Promise<Collector> =>
  (collector = await startCollector(options(directory, { storage, ...change }), parts));
const stored = async (): Promise<number> => {
  await collector?.drained();
  return inserted.filter(({ table }) => table === 'reports').reduce((sum, { values }) => sum + values.length, 0);
};

/** A disk whose flushes end when they are released. */
function heldFlush() {
  let held = false;
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const flush = (write: Promise<boolean>): Promise<boolean> => {
    held = true;
    return gate.then(() => write);
  };
  return { flush, isHeld: () => held, release };
}

beforeEach(async () => {
  directory = await temporaryDirectory();
  inserted = [];
});
afterEach(async () => {
  await collector?.close();
  collector = undefined;
  await removeDirectory(directory);
});

describe('an upload', () => {
  it('is answered 204 and stored', async () => {
    const { url } = await start();
    const answer = await post(url, await seal(body({ failures: [failure(), failure()] })));
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(await stored()).toBe(2);
  });

  it('is answered 204 again when it comes again, and counts once', async () => {
    const { url } = await start();
    const bytes = await seal();
    expect((await post(url, bytes)).status).toBe(204);
    expect((await post(url, bytes)).status).toBe(204);
    expect(await stored()).toBe(1);
    expect((await post(url, bytes)).status).toBe(204);
    expect(await stored()).toBe(1);
  });

  it('waits for the flush, and so does its duplicate', async () => {
    const held: (() => void)[] = [];
    let isHolding = true;
    const flush = (write: Promise<boolean>): Promise<boolean> =>
      isHolding ? new Promise((resolve, reject) => held.push(() => void write.then(resolve, reject))) : write;
    const { url } = await start({}, { flush });
    const bytes = await seal();
    let answered = 0;
    const answers = [post(url, bytes).finally(() => answered++), post(url, bytes).finally(() => answered++)];
    await expect.poll(() => held.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBe(0);
    isHolding = false;
    for (const release of held) release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([204, 204]);
  });

  it('of a development project becomes failures in dev_reports and nothing else', async () => {
    const { url } = await start();
    const content = body({ context: context({ project: 'shop-dev' }), attempts: [attempts()], losses: [{ reason: 'other', bucket: '1' }] });
    expect((await post(url, await seal(content))).status).toBe(204);
    await collector?.drained();
    expect(inserted.map(({ table }) => table)).toEqual(['dev_reports']);
  });

  it('keeps only routes of the project’s list', async () => {
    const { url } = await start({ projects: { shop: { hosts: [HOST], routes: ['cart'], stage: 'production' } } });
    await post(url, await seal(body({ failures: [failure({ route: 'cart' }), failure({ route: 'checkout' })] })));
    await collector?.drained();
    const text = JSON.stringify(inserted);
    expect(text).toContain('cart');
    expect(text).not.toContain('checkout');
  });
});

describe('a worker that does not start', () => {
  it('leaves the directory to the others of its collector', async () => {
    const claimant = newClaimant();
    const { port } = await start({}, { claimant });
    await expect(startCollector(options(directory, { port }), { claimant })).rejects.toMatchObject({ code: 'OUTCRY_PORT_TAKEN' });
    await expect(startCollector(options(directory))).rejects.toMatchObject({ code: 'OUTCRY_DATA_DIR_LOCKED' });
  });
});

describe('what is refused', () => {
  const DAY = 86_400_000;
  const flipped = async (index: number): Promise<Buffer> => {
    const bytes = await seal();
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    return bytes;
  };
  const manyFailures = (): Buffer => Buffer.from(encodeBody(body({ failures: Array.from({ length: 65 }, () => failure()) })));
  const cases: [string, () => Promise<Uint8Array>][] = [
    ['envelope_too_small', () => Promise.resolve(Buffer.alloc(0))],
    ['envelope_too_small', async () => (await seal()).subarray(0, 200)],
    ['envelope_too_large', () => Promise.resolve(Buffer.alloc(60 * 1024 + 1, 1))],
    ['envelope_too_large', () => Promise.resolve(Buffer.alloc(900_000, 1))],
    ['bad_length', async () => Buffer.concat([await seal(), Buffer.of(0)])],
    ['unsupported_version', () => flipped(0)],
    ['unsupported_suite', async () => Buffer.concat([Buffer.of(1, 9), (await seal()).subarray(2)])],
    ['unsupported_content', async () => Buffer.concat([Buffer.of(1, 1, 7), (await seal()).subarray(3)])],
    ['unsupported_schema', async () => Buffer.concat([Buffer.of(1, 1, 1, 9), (await seal()).subarray(4)])],
    ['unknown_key', () => flipped(4)],
    ['unknown_key', () => seal(body(), { recipientKey: makeRecipientKey().publicKey })],
    ['stale_envelope', () => seal(body(), { nowMs: Date.now() - 9 * DAY })],
    ['stale_envelope', () => seal(body(), { nowMs: Date.now() + 3 * DAY })],
    ['open_failed', () => flipped(30)],
    ['open_failed', () => flipped(60)],
    ['open_failed', () => flipped(400)],
    ['bad_signature', () => flipped(90)],
    ['bad_deflate', () => seal(body(), { deflated: Buffer.from('no deflate stream') })],
    ['bad_deflate', () => seal(body(), { deflated: Buffer.concat([deflateRawSync(encodeBody(body())), Buffer.of(1)]) })],
    ['body_too_large', () => seal(body(), { raw: Buffer.alloc(2_000), deflated: deflateRawSync(Buffer.alloc(MAX_BODY_BYTES + 1)) })],
    ['bad_cbor', () => seal(body(), { raw: Buffer.from('no CBOR'), plain: true })],
    ['bad_cbor', () => seal(body(), { raw: Buffer.concat([encodeBody(body()), Buffer.of(0)]), plain: true })],
    ['invalid_report', () => seal(body({ failures: [failure({ host: 'NOT A HOST' })] }))],
    ['too_many_reports', () => seal(body(), { raw: manyFailures() })],
    ['unknown_project', () => seal(body({ context: context({ project: 'nobody' }) }))],
    ['unknown_host', () => seal(body({ failures: [failure({ host: 'bank.example' })] }))],
  ];

  it('gets its code, is not stored, and is not echoed', async () => {
    const { url } = await start();
    // Until an envelope of today was taken, no day is refused for good.
    expect((await post(url, await seal())).status).toBe(204);
    for (const [code, make] of cases) {
      const answer = await post(url, await make());
      expect([code, answer.code, answer.status]).toEqual([code, code, ERRORS[code as keyof typeof ERRORS].status]);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    }
    expect(await stored()).toBe(1);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    for (const code of new Set(cases.map(([name]) => name))) {
      expect(metrics).toContain(`outcry_uploads_total{code="${code}"} ${cases.filter(([name]) => name === code).length}`);
    }
  });

  it('holds nothing of the next sender up', async () => {
    const { url } = await start();
    const junk = Array.from({ length: 50 }, () => post(url, randomBytes(600)));
    const honest = post(url, await seal());
    expect((await honest).status).toBe(204);
    expect((await Promise.all(junk)).every(({ status }) => status === 400)).toBe(true);
  });
});

describe('limits', () => {
  const proxied = (address: string) => ({ 'x-forwarded-for': address });

  it('hold one prefix back with Retry-After, and leave its neighbours alone', async () => {
    const { url } = await start({ trustProxy: ['127.0.0.0/8'], limits: { uploadBurst: 2, uploadsPerSecond: 0.001 } });
    const send = async (address: string) => post(url, await seal(), proxied(address));
    expect((await send('203.0.113.1')).status).toBe(204);
    expect((await send('203.0.113.2')).status).toBe(204);
    const refused = await send('203.0.113.3');
    expect([refused.status, refused.code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(100);
    expect(refused.headers.get('access-control-expose-headers')).toBe('Retry-After');
    expect((await send('203.0.114.1')).status).toBe(204);
  });

  it('hold back a prefix that shows a new key with every envelope', async () => {
    const { url } = await start({ limits: { signersPerHour: 2 } });
    const answers = [];
    for (let index = 0; index < 6; index += 1) answers.push((await post(url, await seal(body(), { signer: await newSigner() }))).code);
    expect(answers.filter((code) => code === 'rate_limited').length).toBeGreaterThanOrEqual(3);
    expect(await stored()).toBeLessThanOrEqual(3);
  });

  it('leave a prefix open to new devices after junk that shows a key each', async () => {
    const { url } = await start({ limits: { signersPerHour: 2 } });
    const junk = async (index: number): Promise<Buffer> => {
      const bytes = await seal();
      randomBytes(32).copy(bytes, 56);
      // Another envelope each, so that none is taken for a copy.
      bytes.writeUInt32BE(index, 12);
      return bytes;
    };
    for (let index = 0; index < 20; index += 1) expect((await post(url, await junk(index))).code).toBe('open_failed');
    const wrong = await seal(body(), { signer: await newSigner() });
    wrong[90] = (wrong[90] ?? 0) ^ 1;
    for (let index = 0; index < 5; index += 1) expect((await post(url, wrong)).code).toBe('bad_signature');
    for (let index = 0; index < 2; index += 1)
      expect((await post(url, await seal(body(), { signer: await newSigner() }))).status).toBe(204);
    expect(await stored()).toBe(2);
  });

  it('answer journal_full at the mark and take uploads again below it', async () => {
    let away = true;
    const flaky = storageOf(() => (away ? Promise.reject(new Error('away')) : Promise.resolve()));
    const { url } = await start({ storage: flaky, limits: { journalEntries: 2, retryCapMs: 20, batchAfterMs: 0 } });
    for (let index = 0; index < 2; index += 1) expect((await post(url, await seal())).status).toBe(204);
    // How full it is is looked at now and then.
    let refused: Awaited<ReturnType<typeof post>> | undefined;
    await expect.poll(async () => (refused = await post(url, await seal())).status).toBe(503);
    expect(refused?.code).toBe('journal_full');
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    away = false;
    await expect.poll(async () => (await post(url, await seal())).status, { interval: 100 }).toBe(204);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('answer journal_unsafe from a flush that failed until the journal is on its disk again, copies included', async () => {
    const lines: string[] = [];
    let fails = true;
    const flush = async (write: Promise<boolean>): Promise<boolean> => {
      const isNew = await write;
      // Linux tells of it once.
      if (fails) throw Object.assign(new Error('input/output error'), { code: 'EIO' });
      return isNew;
    };
    const { url } = await start({ log: ({ level, message }) => void lines.push(`${level} ${message}`) }, { flush, repairAfterMs: 50 });
    const bytes = await seal();
    for (let tries = 0; tries < 3; tries += 1) {
      const answer = await post(url, bytes);
      expect([answer.status, answer.code]).toEqual([503, 'journal_unsafe']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, ((await ready.json()) as { code: string }).code]).toEqual([503, 'journal_unsafe']);
    expect(lines.filter((line) => line.startsWith('error the disk failed'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('cannot be written'))).toEqual([]);
    fails = false;
    await expect.poll(async () => (await post(url, bytes)).status, { timeout: 10_000, interval: 50 }).toBe(204);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await stored()).toBe(1);
  });

  it('hold a prefix back that looks at the metrics without end, and read them once for all who look', async () => {
    let read = 0;
    const metricsText = (): Promise<string> => Promise.resolve(`read ${(read += 1)}`);
    const limits = { uploadBurst: 3, uploadsPerSecond: 0.001 };
    const { url } = await start({ trustProxy: ['127.0.0.1'], limits }, { metricsText, metricsAgeMs: 3_600_000 });
    const look = (address: string): Promise<Response> => fetch(`${url}/metrics`, { headers: proxied(address) });
    for (let index = 0; index < 3; index += 1) expect(await (await look('203.0.113.1')).text()).toBe('read 1');
    const refused = await look('203.0.113.2');
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    // Neither its neighbours' looks nor its own uploads are held back by that.
    expect((await look('203.0.114.1')).status).toBe(200);
    expect((await post(url, await seal(), proxied('203.0.113.1'))).status).toBe(204);
    expect(read).toBe(1);
  });

  it('answer overloaded when more uploads are in work than may be', async () => {
    const { flush, isHeld, release } = heldFlush();
    const { url } = await start({ limits: { uploadsInWork: 1 } }, { flush });
    const first = post(url, await seal());
    await expect.poll(isHeld).toBe(true);
    const second = await post(url, await seal());
    expect([second.status, second.code]).toEqual([503, 'overloaded']);
    release();
    expect((await first).status).toBe(204);
  });

  it('cut a slow body off and go on', async () => {
    const { url, port } = await start({ limits: { requestTimeoutMs: 600, headersTimeoutMs: 500 } });
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 600\r\n\r\nabc');
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect((await post(url, await seal())).status).toBe(204);
  });
});

describe('the other routes', () => {
  it('are a witness that names a network and no address', async () => {
    const { url } = await start({ trustProxy: ['127.0.0.1'] });
    const askedMs = Date.now();
    const response = await fetch(`${url}/v1/witness`, { headers: { 'x-forwarded-for': '91.0.0.1' } });
    const answer = (await response.json()) as { now: number };
    expect(answer).toEqual({ now: answer.now, asn: 3320, country: 'DE' });
    expect(answer.now).toBeGreaterThanOrEqual(askedMs);
    expect(answer.now).toBeLessThanOrEqual(Date.now());
    const { headers } = response;
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('timing-allow-origin')).toBe('*');
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('connection')).toBe('close');
  });

  it('are the signed configuration of a project, as the operator put it there', async () => {
    const { url } = await start();
    expect((await fetch(`${url}/v1/config/shop`)).status).toBe(404);
    const document = signConfig({ format: 1, project: 'shop', version: 1, not_before: 1_000, not_after: 2_000 }, makeConfigKey());
    await mkdir(join(directory, 'agent-config'), { recursive: true });
    await writeFile(join(directory, 'agent-config', 'shop.json'), JSON.stringify(document));
    const response = await fetch(`${url}/v1/config/shop`);
    expect(await response.json()).toEqual(document);
    const { headers } = response;
    expect(
      ['content-type', 'access-control-allow-origin', 'cross-origin-resource-policy', 'cache-control'].map((name) => headers.get(name)),
    ).toEqual(['application/json; charset=utf-8', '*', 'cross-origin', 'no-store']);
    for (const path of ['shop/x', '..%2fshop', 'elsewhere', '__proto__', '%00'])
      expect((await fetch(`${url}/v1/config/${path}`)).status, path).toBe(404);
    expect((await fetch(`${url}/v1/config/shop`, { method: 'POST' })).status).toBe(405);
  });

  it('carry helmet’s headers and a policy of their own, and do not name express', async () => {
    const { url } = await start();
    const { headers } = await fetch(`${url}/healthz`);
    expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('answer strangers with problems', async () => {
    const { url } = await start();
    const ask = async (path: string, method = 'GET') => {
      const response = await fetch(url + path, { method });
      return [response.status, ((await response.json()) as { code: string }).code];
    };
    expect(await ask('/')).toEqual([404, 'not_found']);
    expect(await ask('/v1/nothing')).toEqual([404, 'not_found']);
    expect(await ask('/%E0%A4%A')).toEqual([404, 'not_found']);
    expect(await ask('/v1/reports')).toEqual([405, 'method_not_allowed']);
    expect(await ask('/v1/reports?x=1', 'PUT')).toEqual([405, 'method_not_allowed']);
    expect(await ask('/healthz', 'POST')).toEqual([405, 'method_not_allowed']);
    expect(await ask('/v1/witness', 'DELETE')).toEqual([405, 'method_not_allowed']);
  });

  it('answer a preflight', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/v1/reports`, { method: 'OPTIONS' });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-methods')).toContain('POST');
  });
});

describe('closing and starting', () => {
  it('turns readyz 503 first, refuses uploads, lets those in work finish', async () => {
    const { flush, isHeld, release } = heldFlush();
    const { url, close } = await start({ limits: { closeAfterMs: 60_000 } }, { flush });
    const inWork = post(url, await seal());
    await expect.poll(isHeld).toBe(true);
    const closed = close();
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await post(url, await seal())).code).toBe('stopping');
    release();
    expect((await inWork).status).toBe(204);
    await closed;
    await expect(fetch(`${url}/readyz`)).rejects.toThrow();
    expect(inserted).toHaveLength(1);
  });

  it('goes on with what an earlier run left in the journal', async () => {
    const away = storageOf(() => Promise.reject(new Error('away')));
    const first = await start({ storage: away, limits: { closeAfterMs: 50 } });
    const bytes = await seal();
    expect((await post(first.url, bytes)).status).toBe(204);
    await first.close();
    const second = await start();
    expect(await stored()).toBe(1);
    expect((await post(second.url, bytes)).status).toBe(204);
    expect(await stored()).toBe(1);
  });

  it('binds to loopback without TLS, and says so', async () => {
    const lines: string[] = [];
    const { url } = await start({ host: '0.0.0.0', log: ({ message }) => void lines.push(message) });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(lines).toContain('without TLS the collector binds to loopback only');
  });

  it('serves a second loopback address', async () => {
    const { url } = await start({ host: '127.0.0.2' });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.2:/);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('names a taken port', async () => {
    const { port } = await start();
    const other = await temporaryDirectory();
    await expect(startCollector(options(other, { port }))).rejects.toMatchObject({ code: 'OUTCRY_PORT_TAKEN' });
    await removeDirectory(other);
  });

  it('names every wrong option and none of their values', async () => {
    const wrong = {
      port: 70_000,
      keys: [],
      trustProxy: ['10.0.0.0/99'],
      limits: { verifying: 0 },
      projects: { 'Not A Project': { hosts: [], stage: 'x' } },
    };
    const error = await startCollector(options(directory, wrong as never)).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'OUTCRY_BAD_CONFIG' });
    for (const name of ['port', 'keys', 'limits.verifying', 'projects']) expect((error as Error).message).toContain(name);
    await expect(startCollector(options(directory, { trustProxy: ['10.0.0.0/99'] }))).rejects.toMatchObject({ code: 'OUTCRY_BAD_CONFIG' });
  });

  it('names a data directory that cannot be used', async () => {
    await expect(startCollector(options('/dev/null/x'))).rejects.toMatchObject({ code: 'OUTCRY_DATA_DIR' });
  });
});

describe('an address', () => {
  it('is in no file, line, metric or answer', async () => {
    const lines: string[] = [];
    const address = '91.64.203.119';
    const { url } = await start({ trustProxy: ['127.0.0.1'], log: (entry) => void lines.push(JSON.stringify(entry)) });
    const headers = { 'x-forwarded-for': address };
    const answers: string[] = [];
    const texts = async (response: Response): Promise<void> =>
      void answers.push(JSON.stringify([...response.headers]) + (await response.text()));
    await texts(await fetch(`${url}/v1/reports`, { method: 'POST', headers, body: new Uint8Array(await seal()) }));
    await texts(await fetch(`${url}/v1/reports`, { method: 'POST', headers, body: randomBytes(600) }));
    for (const path of ['/v1/witness', '/metrics', '/readyz', '/nothing']) await texts(await fetch(url + path, { headers }));
    await collector?.drained();
    await collector?.close();
    const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter(
      (file) => file.isFile() && !file.name.startsWith('asn-'),
    );
    expect(files.length).toBeGreaterThan(0);
    const shapes = [
      address,
      '91.64.203',
      '5b40cb77',
      Buffer.from([91, 64, 203, 119]).toString('latin1'),
      Buffer.from([119, 203, 64, 91]).toString('latin1'),
      String(0x5b40cb77),
    ];
    const written = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')));
    for (const shape of shapes)
      for (const text of [...written, ...lines, ...answers, JSON.stringify(inserted)]) expect(text.includes(shape)).toBe(false);
    expect(JSON.stringify(inserted)).toMatch(/AS\d+\/DE/);
  });
});
