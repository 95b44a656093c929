/** Reports as Chromium posts them, into a whole collector on real sockets and a real journal. */
import { readFile, readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CollectorOptions } from '@outcry/collector';
import { ROW_COLUMNS } from '../../../collector/src/rows.js';
import { report, SECRETS } from './nel-report.js';
import { HOST, options, removeDirectory, startCollector, storageOf, temporaryDirectory } from './sealed.js';

type Collector = Awaited<ReturnType<typeof startCollector>>;
let directory: string;
let collector: Collector | undefined;
let inserted: { table: string; values: string[] }[] = [];
let log: string[] = [];
const storage = storageOf((call) => Promise.resolve(void inserted.push(call)));

async function start(change: Partial<CollectorOptions> = {}): Promise<string> {
  const projects = {
    shop: { hosts: [HOST], stage: 'production', nel: true },
    quiet: { hosts: [HOST], stage: 'production' },
    'shop-dev': { hosts: [HOST], stage: 'development', nel: true },
  } as const;
  const own = { storage, projects, log: (entry: object) => void log.push(JSON.stringify(entry)) };
  collector = await startCollector(options(directory, { ...own, ...change }));
  return collector.url;
}

interface Told {
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: Headers;
}
async function tell(url: string, reports: unknown, change: RequestInit & { project?: string } = {}): Promise<Told> {
  const { project = 'shop', headers, ...rest } = change;
  const response = await fetch(`${url}/v1/nel/${project}`, {
    method: 'POST',
    headers: { 'content-type': 'application/reports+json', ...(headers as Record<string, string>) },
    body: typeof reports === 'string' ? reports : JSON.stringify(reports),
    ...rest,
  });
  const text = await response.text();
  return {
    status: response.status,
    code: text ? (JSON.parse(text) as { code: string }).code : undefined,
    headers: response.headers,
  };
}

/** The rows of a table, by column. */
async function rows(table: 'reports' | 'dev_reports' = 'reports'): Promise<Record<string, string | undefined>[]> {
  await collector?.drained();
  return inserted
    .filter((call) => call.table === table)
    .flatMap(({ values }) => values)
    .map((line) => Object.fromEntries(line.split('\t').map((value, index) => [ROW_COLUMNS[table][index], value])));
}
const counter = async (url: string, name: string): Promise<number> => {
  const line = (await (await fetch(`${url}/metrics`)).text()).split('\n').find((each) => each.startsWith(name));
  return line === undefined ? 0 : Number(line.split(' ').at(-1));
};

beforeEach(async () => {
  directory = await temporaryDirectory();
  inserted = [];
  log = [];
});
afterEach(async () => {
  await collector?.close();
  collector = undefined;
  await removeDirectory(directory);
});

describe("an upload of a browser's own reports", () => {
  it('becomes rows of source nel with type, phase, kind, host, status, bucket, weight and network', async () => {
    const nowMs = 1_790_000_100_000;
    const url = await start({ now: () => nowMs, trustProxy: ['127.0.0.1'] });
    const headers = { 'x-forwarded-for': '91.64.203.119' };
    const { status, headers: answered } = await tell(
      url,
      [report(), report({ type: 'http.error', phase: 'application', status_code: 503 })],
      {
        headers,
      },
    );
    expect([status, answered.get('access-control-allow-origin')]).toEqual([204, '*']);
    const [first, second] = await rows();
    expect(first).toMatchObject({
      source: 'nel',
      project: 'shop',
      host: HOST,
      scheme: 'https',
      phase: 'connection',
      type: 'tls.cert.date_invalid',
      kind: 'tls',
      confidence_pct: '100',
      elapsed_ms: '1000',
      status_code: '0',
      // 42 s ago, floored to 10 s.
      occurred_at: '1790000050',
      event_time: '1790000050',
      received_at: '1790000100',
      country: 'DE',
      weight: '2',
      route: '',
      method: 'other',
      protocol: 'unknown',
      runtime: 'other',
    });
    expect(first?.['network']).toMatch(/^AS\d+\/DE$/);
    expect(second).toMatchObject({ kind: 'http', status_code: '503' });
    expect(first?.['report_id']).not.toBe(second?.['report_id']);
  });

  it('leaves no path, query, referrer, server address, user agent, method or address of the sender in any byte that is written', async () => {
    const url = await start({ trustProxy: ['127.0.0.1'] });
    const headers = { 'x-forwarded-for': '91.64.203.119', 'user-agent': SECRETS.agent };
    const answers: string[] = [];
    const note = async (answer: Response): Promise<void> => void answers.push(await answer.text(), JSON.stringify([...answer.headers]));
    for (const body of [JSON.stringify([report(), report({ type: 'no such type' })]), `[${SECRETS.path}`, '{}'])
      await note(
        await fetch(`${url}/v1/nel/shop`, { method: 'POST', headers: { ...headers, 'content-type': 'application/reports+json' }, body }),
      );
    await note(await fetch(`${url}/metrics`, { headers }));
    await collector?.drained();
    await collector?.close();
    const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter(
      (file) => file.isFile() && !file.name.startsWith('asn-'),
    );
    const written = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')));
    const texts = [...written, ...log, ...answers, JSON.stringify(inserted)];
    expect(texts.some((text) => text.includes('tls.cert.date_invalid'))).toBe(true);
    const addresses = [Buffer.from([91, 64, 203, 119]), Buffer.from([203, 0, 113, 77])].flatMap((bytes) => [
      bytes.toString('latin1'),
      Buffer.from(bytes).reverse().toString('latin1'),
      String(bytes.readUInt32BE()),
      bytes.toString('hex'),
      bytes.join('.'),
    ]);
    for (const shape of [...addresses, 'mallory', 's3cr3t', 'account/4711', 'Mozilla', 'X11', 'PATCH'])
      for (const text of texts) expect(text.includes(shape), shape).toBe(false);
  });

  it('is answered to a preflight of any page', async () => {
    const url = await start();
    const { status, headers } = await fetch(`${url}/v1/nel/shop`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://www.shop.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect([status, headers.get('access-control-allow-origin'), headers.get('access-control-allow-headers')]).toEqual([
      204,
      '*',
      'Content-Type',
    ]);
    expect(headers.get('access-control-allow-methods')).toContain('POST');
    expect((await fetch(`${url}/v1/nel/shop`)).status).toBe(405);
  });

  it('is refused with 410 for a project that has no NEL, and for one that is not known', async () => {
    const url = await start();
    for (const project of ['quiet', 'nobody', '__proto__'])
      expect(await tell(url, [report()], { project })).toMatchObject({ status: 410, code: 'nel_off' });
    expect(await rows()).toEqual([]);
  });

  it('of a development project goes to dev_reports', async () => {
    const url = await start();
    expect((await tell(url, [report()], { project: 'shop-dev' })).status).toBe(204);
    expect(await rows('dev_reports')).toHaveLength(1);
    expect(await rows()).toEqual([]);
  });

  it('is refused by type, size and form', async () => {
    const url = await start();
    expect(await tell(url, [report()], { headers: { 'content-type': 'text/plain' } })).toMatchObject({
      status: 415,
      code: 'nel_content_type',
    });
    expect(await tell(url, `[${' '.repeat(256 * 1024)}]`)).toMatchObject({ status: 413, code: 'nel_too_large' });
    for (const wrong of ['', '{', '{}', 'null', '"reports"', '['.repeat(200_000)])
      expect(await tell(url, wrong)).toMatchObject({ status: 400, code: 'nel_bad_reports' });
    expect(await rows()).toEqual([]);
  });

  it('keeps what is about its hosts, counts the rest, and is refused when all is about others', async () => {
    const url = await start();
    const stranger = report({}, { url: 'https://other.example/' });
    expect((await tell(url, [report(), stranger])).status).toBe(204);
    expect(await tell(url, [stranger])).toMatchObject({ status: 403, code: 'unknown_host' });
    expect(await rows()).toHaveLength(1);
    expect(await counter(url, 'outcry_nel_reports_total{outcome="unknown_host"}')).toBe(2);
  });

  it('stores no success, no answer of status 400 to 499, no other report and at most a hundred', async () => {
    const url = await start();
    const many = Array.from({ length: 130 }, (_, index) => report({ elapsed_time: index }));
    const others = [
      report({ type: 'ok', phase: 'application', status_code: 200 }),
      report({ type: 'http.error', phase: 'application', status_code: 404 }),
      report({}, { type: 'csp-violation' }),
    ];
    expect((await tell(url, others)).status).toBe(204);
    expect(await rows()).toEqual([]);
    expect((await tell(url, many)).status).toBe(204);
    expect(await rows()).toHaveLength(100);
    expect(await counter(url, 'outcry_nel_reports_total{outcome="over_limit"}')).toBe(30);
    expect(await counter(url, 'outcry_nel_reports_total{outcome="client_error"}')).toBe(1);
  });

  it('is held to the allowance of its address prefix', async () => {
    const url = await start({ limits: { uploadsPerSecond: 0.001, uploadBurst: 2 } });
    expect((await tell(url, [report()])).status).toBe(204);
    expect((await tell(url, [report({ elapsed_time: 1 })])).status).toBe(204);
    const refused = await tell(url, [report({ elapsed_time: 2 })]);
    expect(refused).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await rows()).toHaveLength(2);
  });

  it('has a quarter of the places of sealed uploads, since it may be four times as large', async () => {
    const url = await start({ limits: { uploadsInWork: 8, uploadsInWorkPerPrefix: 8 } });
    const headers = { 'content-type': 'application/reports+json', 'transfer-encoding': 'chunked' };
    const slow = [1, 2].map(() => request(`${url}/v1/nel/shop`, { method: 'POST', headers }).on('error', () => undefined));
    for (const each of slow) each.write('[');
    await expect.poll(async () => (await tell(url, [report()])).status).toBe(503);
    for (const each of slow) each.destroy();
    await expect.poll(async () => (await tell(url, [report()])).status).toBe(204);
  });

  it('is stored once when it comes again with the age it has by then', async () => {
    let nowMs = 1_790_000_100_000;
    const url = await start({ now: () => nowMs });
    expect((await tell(url, [report()])).status).toBe(204);
    nowMs += 60_300;
    // The answer was lost: the same report, a minute older, beside a new one.
    expect((await tell(url, [report({}, { age: 102_000 }), report({}, { age: 5_000 })])).status).toBe(204);
    expect(await rows()).toHaveLength(2);
    expect(await counter(url, 'outcry_nel_reports_total{outcome="repeat"}')).toBe(1);
  });

  it('is not acknowledged when the disk fails, and stored when it comes again', async () => {
    let failing = true;
    collector = await startCollector(
      options(directory, { storage, projects: { shop: { hosts: [HOST], stage: 'production', nel: true } } }),
      { flush: (write) => (failing ? write.then(() => Promise.reject(new Error('full'))) : write), repairAfterMs: 20 },
    );
    expect(await tell(collector.url, [report()])).toMatchObject({ status: 503, code: 'journal_unsafe' });
    failing = false;
    const { url } = collector;
    await expect.poll(async () => (await tell(url, [report()])).status, { timeout: 10_000 }).toBe(204);
  });
});
