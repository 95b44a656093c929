import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { nelRoute } from '../../../sdk-node/src/index.js';

const OPTIONS = { project: 'shop', collectors: ['https://c1.example.net', 'https://c2.example.org'] };
const PATH = '/.well-known/outcry-nel';
const open: (() => void)[] = [];
afterEach(() => open.splice(0).forEach((close) => close()));

async function serve(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(listener as never);
  open.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const header = (answer: Response, name: string): unknown => JSON.parse(answer.headers.get(name) ?? 'null');

const plain = () => {
  const nel = nelRoute(OPTIONS);
  return serve((request, response) => void (nel(request, response) || response.end('shop')));
};
const inExpress = () => {
  const app = express();
  app.use(nelRoute(OPTIONS));
  app.use((_request, response) => void response.send('shop'));
  return serve(app);
};
const mounted = () => {
  const app = express();
  app.use('/.well-known', nelRoute(OPTIONS));
  app.use((_request, response) => void response.send('shop'));
  return serve(app);
};

describe.each([
  ['plain node:http', plain],
  ['express', inExpress],
  ['express below a mount point', mounted],
])('the NEL route in %s', (_, start) => {
  it('tells the policy to whoever asks, and lets nobody keep the answer', async () => {
    const answer = await fetch((await start()) + PATH);
    expect([answer.status, answer.headers.get('cache-control'), answer.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'no-store',
      '*',
    ]);
    expect(header(answer, 'nel')).toEqual({ report_to: 'outcry-nel', max_age: 86_400, failure_fraction: 1, success_fraction: 0 });
    expect(header(answer, 'report-to')).toEqual({
      group: 'outcry-nel',
      max_age: 86_400,
      endpoints: [
        { url: 'https://c1.example.net/v1/nel/shop', priority: 1, weight: 1 },
        { url: 'https://c2.example.org/v1/nel/shop', priority: 2, weight: 1 },
      ],
    });
    // The agent in the page reads whom it names.
    expect(answer.headers.get('access-control-expose-headers')).toContain('Report-To');
  });

  it('takes the policy back with ?remove', async () => {
    const answer = await fetch(`${await start()}${PATH}?remove`);
    expect(header(answer, 'nel')).toMatchObject({ max_age: 0 });
    expect(header(answer, 'report-to')).toMatchObject({ max_age: 0 });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('answers other methods 405, and no other path', async () => {
    const url = await start();
    expect((await fetch(url + PATH, { method: 'POST' })).status).toBe(405);
    for (const path of ['/', `${PATH}/more`, `/x${PATH}`]) {
      const other = await fetch(url + path);
      expect([await other.text(), other.headers.get('nel'), other.headers.get('report-to')]).toEqual(['shop', null, null]);
    }
  });
});

describe('the options of the NEL route', () => {
  it('weigh endpoints, shorten the age and lower the fraction', async () => {
    const nel = nelRoute({
      ...OPTIONS,
      collectors: [{ collector: 'https://c1.example.net', priority: 2, weight: 3 }, { collector: 'https://c2.example.org:8443' }],
      maxAgeS: 3_600,
      failureFraction: 0.05,
    });
    const answer = await fetch((await serve((request, response) => void nel(request, response))) + PATH);
    expect(header(answer, 'nel')).toMatchObject({ max_age: 3_600, failure_fraction: 0.05 });
    expect(header(answer, 'report-to')).toMatchObject({
      endpoints: [
        { url: 'https://c1.example.net/v1/nel/shop', priority: 2, weight: 3 },
        { url: 'https://c2.example.org:8443/v1/nel/shop', priority: 1, weight: 1 },
      ],
    });
  });

  it.each([
    ['project', { project: 'No Shop' }],
    ['collectors', { collectors: [] }],
    ['collectors', { collectors: ['http://c1.example.net'] }],
    ['collectors', { collectors: ['https://c1.example.net/path'] }],
    ['collectors', { collectors: [{ collector: 'https://c1.example.net', weight: 0 }] }],
    ['maxAgeS', { maxAgeS: 86_401 }],
    ['failureFraction', { failureFraction: 0 }],
  ])('are refused by name: %s', (name, change) => {
    expect(() => nelRoute({ ...OPTIONS, ...change })).toThrowError(
      expect.objectContaining({ code: 'OUTCRY_BAD_OPTION', message: expect.stringContaining(name) }),
    );
  });
});
