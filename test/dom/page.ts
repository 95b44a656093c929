/** One page under test: an agent per tab, a watched host that fails on demand, and a collector that really opens what it gets. */
import { IDBFactory } from 'fake-indexeddb';
import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import type { ReportBody } from '@outcry/protocol';
import { decodeBody, loadRecipientKeys, makeRecipientKey, openEnvelope, verifyEnvelope } from '@outcry/protocol/open';
import type { OutcryOptions, Platform, Receipt } from '@outcry/core';
import { makeInit } from '../../sdk-browser/src/init.js';
import type { BrowserOutcry, Loaders } from '../../sdk-browser/src/init.js';

export const API = 'https://api.shop.example';
export const COLLECTOR = 'https://c1.example.net';
export const RECEIPT: Receipt = { text: 'v3', textHash: 'A'.repeat(43), at: '2026-11-22T12:00:00Z', method: 'dialog' };

const key = makeRecipientKey();
const keys = loadRecipientKeys([key]);

export interface Collected {
  readonly bodies: ReportBody[];
  /** Every request the collector saw, witness included. */
  readonly requests: Request[];
  status: number;
}

export const collected: Collected = { bodies: [], requests: [], status: 204 };

export const server = setupServer(
  http.post(`${COLLECTOR}/v1/reports`, async ({ request }) => {
    collected.requests.push(request.clone());
    if (collected.status !== 204) return new HttpResponse(null, { status: collected.status });
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (!(await verifyEnvelope(bytes))) throw new Error('the signature does not match');
    collected.bodies.push(decodeBody(openEnvelope(bytes, keys)).body);
    return new HttpResponse(null, { status: 204 });
  }),
  http.get(`${COLLECTOR}/v1/witness`, ({ request }) => {
    collected.requests.push(request.clone());
    return HttpResponse.json({ now: Date.now(), asn: 3320, country: 'DE' });
  }),
  http.get(`${API}/ok`, () => HttpResponse.json({ fine: true })),
  http.get(`${API}/down`, () => HttpResponse.error()),
  http.get(`${API}/broken`, () => new HttpResponse(null, { status: 503 })),
  http.head(`${API}/favicon.ico`, () => HttpResponse.error()),
);

const tabs: BrowserOutcry[] = [];

/** Opens a tab of the same origin, which gets its recording part by `recording`. */
export function openTab(
  more: Partial<OutcryOptions> = {},
  platform: Partial<Platform> = {},
  recording: Loaders['recording'] = () => import('../../sdk-browser/src/recording.js'),
): BrowserOutcry {
  const init = makeInit({ recording, nacl: () => import('../../sdk-browser/src/fallback.js') });
  const tab = init(
    { project: 'shop', release: '4.2.1', hosts: ['api.shop.example'], collectors: [COLLECTOR], recipientKey: key.publicKey, ...more },
    { liveDelayMs: 0, ...platform },
  );
  tabs.push(tab);
  return tab;
}

export const until = (holds: () => unknown, timeout = 10_000): Promise<void> =>
  vi.waitFor(
    async () => {
      if (!(await holds())) throw new Error('waited in vain');
    },
    { timeout, interval: 20 },
  );

/** Everything in every database of the origin, as one text that a word can be looked for in. */
export async function everythingStored(): Promise<{ keys: string[]; text: string }> {
  const keys: string[] = [];
  let text = '';
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(name ?? '');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error as Error);
    });
    for (const storeName of db.objectStoreNames) {
      const store = db.transaction(storeName).objectStore(storeName);
      const read = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
      const [names, values] = await Promise.all([read(store.getAllKeys()), read(store.getAll() as IDBRequest<unknown[]>)]);
      keys.push(...names.map(String));
      text += JSON.stringify([names, values], (_, value: unknown) =>
        ArrayBuffer.isView(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1') : value,
      );
    }
    db.close();
  }
  return { keys, text };
}

/** Sets the page up around the tests of one file. */
export function usePage(): void {
  beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
  afterAll(() => server.close());
  beforeEach(() => {
    globalThis.indexedDB = new IDBFactory();
    localStorage.clear();
    collected.bodies.length = collected.requests.length = 0;
    collected.status = 204;
  });
  afterEach(async () => {
    for (const tab of tabs.splice(0)) await tab.close();
    server.resetHandlers();
  });
}
