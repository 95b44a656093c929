import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { createApi } from './api.js';
import { startFaults, type Fault } from './faults.js';
import { PAGE_HOSTS, PAGE_PROJECT } from './hosts.js';
import { createMetrics } from './metrics.js';
import { pageHeaders, type PageSettings } from './page.js';

export interface ShopOptions {
  /** Loopback address; 127.0.0.1 when left out. */
  readonly host?: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Origins of the collectors that the page's agent may use. */
  readonly collectors: readonly string[];
  /** Public key of the recipient, base64url. */
  readonly recipientKey: string;
  /** The analyzer's live view of the page's development project. */
  readonly liveUrl: string;
  /** Share of API answers that are a 503, 0 to 1; 0 when left out. */
  readonly errorShare?: number;
  readonly random?: () => number;
}

export interface Shop {
  readonly url: string;
  readonly port: number;
  readonly faults: readonly Fault[];
  readonly authorityCert: string;
  close(): Promise<void>;
}

export const SHOP_RELEASE = '4.2.1';

const publicDir = fileURLToPath(new URL('../public/', import.meta.url));
/** The compiled module that says reports in plain words, for the page; the same one that the command imports. */
const wordsFile = fileURLToPath(new URL('../dist/words.js', import.meta.url));
const sdkDir = (): string => join(dirname(createRequire(import.meta.url).resolve('@outcry/browser/package.json')), 'dist');

/**
 * Starts the shop: its API, its page and its fault servers.
 *
 * Rejects with the system's error (`EADDRINUSE` and the like) when the port cannot be had.
 */
export async function startShop(options: ShopOptions): Promise<Shop> {
  const { host = '127.0.0.1', port, collectors, recipientKey, liveUrl, errorShare = 0, random = Math.random } = options;
  const app = express().disable('x-powered-by').disable('etag');
  const server = createServer(app);
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const taken = (server.address() as AddressInfo).port;
  const url = `http://${host}:${taken}`;
  const started = await startFaults([url, `http://localhost:${taken}`]);
  const { faults, authorityCert } = started;
  const metrics = createMetrics();
  const settings: PageSettings = {
    project: PAGE_PROJECT,
    release: SHOP_RELEASE,
    hosts: PAGE_HOSTS,
    collectors,
    recipient_key: recipientKey,
    live_url: liveUrl,
    faults,
  };
  app.get('/healthz', (_request, response) => {
    response.json({ ok: true });
  });
  app.get('/metrics', metrics.show);
  app.use('/api', metrics.watch, createApi({ errorShare, random }));
  app.use(pageHeaders(faults, collectors));
  app.get('/settings.json', (_request, response) => {
    response.set('cache-control', 'no-store').json(settings);
  });
  app.use('/sdk', express.static(sdkDir(), { index: false, redirect: false }));
  app.get('/words.js', (_request, response) => response.sendFile(wordsFile));
  app.use(express.static(publicDir, { redirect: false }));
  return {
    url,
    port: taken,
    faults,
    authorityCert,
    close: async () => {
      server.closeAllConnections();
      await Promise.all([started.close(), new Promise((resolve) => server.close(resolve))]);
    },
  };
}
