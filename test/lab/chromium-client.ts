/** A page in Chromium with the built script tag in it: one request by `fetch`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import type { Failure } from '@outcry/protocol';
import { PATIENCE_MS } from './engine.js';
import type { Asked, Seen } from './engine.js';
import { API_NAME, COLLECTOR_NAMES, PAGE_NAME } from './places.js';
import { serveCalls } from './role.js';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Chromium takes a network's change in after about a second. */
const SETTLE_MS = 1_500;

interface PageAgent {
  setConsent(state: string, receipt: object): Promise<void>;
  onEvent(listen: (event: { kind: string; failure: Failure; evidence: readonly string[] }) => void): void;
}
type Diagnosed = Parameters<Parameters<PageAgent['onEvent']>[0]>[0] & { readonly atMs: number };

declare global {
  interface Window {
    outcry: { init(options: object): PageAgent };
    diagnosed?: Diagnosed;
  }
}

/** Chromium takes further authorities from the database of its user. */
function trust(home: string, authorityFile: string): void {
  const database = `${home}/.pki/nssdb`;
  mkdirSync(database, { recursive: true });
  const certutil = (...args: readonly string[]) => execFileSync('certutil', ['-d', `sql:${database}`, ...args], { stdio: 'ignore' });
  certutil('-N', '--empty-password');
  certutil('-A', '-n', 'lab', '-t', 'C,,', '-i', authorityFile);
}

let page: Page | undefined;

/** What the page sees of one request. */
const send = (on: Page, asked: Asked) =>
  on.evaluate(async ({ url, limitMs, giveUpMs }) => {
    const own = new AbortController();
    if (giveUpMs !== undefined) setTimeout(() => own.abort(), giveUpMs);
    const startedMs = performance.now();
    const app = await fetch(url, { signal: giveUpMs === undefined ? AbortSignal.timeout(limitMs) : own.signal, cache: 'no-store' })
      .then(async (response) => {
        await response.arrayBuffer();
        return String(response.status);
      })
      .catch((error: Error) => error.name);
    const endedMs = performance.now();
    return { app, endedMs, requestMs: Math.round(endedMs - startedMs) };
  }, asked);

serveCalls({
  async prepare(asked: Asked) {
    const home = mkdtempSync(join(tmpdir(), 'chromium-'));
    trust(home, process.env['NODE_EXTRA_CA_CERTS'] ?? '');
    const context = await chromium.launchPersistentContext(`${home}/profile`, {
      executablePath: process.env['OUTCRY_CHROMIUM'] ?? '/usr/bin/chromium',
      headless: true,
      args: FLAGS,
      env: { ...process.env, HOME: home } as Record<string, string>,
    });
    page = await context.newPage();
    await page.goto(`https://${PAGE_NAME}${asked.page}`);
    await page.evaluate(
      async (options) => {
        const agent = window.outcry.init(options);
        await agent.setConsent('granted', { text: 'v1', textHash: 'A'.repeat(43), at: new Date().toISOString(), method: 'dialog' });
        agent.onEvent((event) => {
          if (event.kind === 'diagnosed') window.diagnosed ??= { ...event, atMs: performance.now() };
        });
      },
      {
        project: 'lab',
        release: '1',
        hosts: [API_NAME],
        collectors: COLLECTOR_NAMES.map((name) => `https://${name}`),
        recipientKey: process.env['OUTCRY_LAB_KEY'],
      },
    );
    // The agent learns what a healthy answer of this host is like.
    if (asked.before === 'nothing') return;
    const { url, before, page: path } = asked;
    let app = '';
    // Browsers drop what is under way when they notice a new network.
    for (let tries = 0; app !== '200' && tries < 3; tries++) {
      ({ app } = await send(page, { url, before, page: path, limitMs: 10_000 }));
    }
    if (app !== '200') throw new Error(`the healthy request ended with ${app}`);
  },
  settle: () => wait(SETTLE_MS),
  async go(asked: Asked): Promise<Seen> {
    if (!page) throw new Error('not prepared');
    const { app, endedMs, requestMs } = await send(page, asked);
    const patienceMs = app === '200' ? 1_000 : PATIENCE_MS;
    await page.waitForFunction(() => window.diagnosed, undefined, { timeout: patienceMs }).catch(() => undefined);
    const diagnosed = await page.evaluate(() => window.diagnosed);
    const failure = diagnosed?.failure;
    return {
      diagnosis: failure
        ? { type: failure.type, phase: failure.phase, kind: failure.kind, confidence: failure.confidence_pct / 100 }
        : null,
      evidence: diagnosed?.evidence ?? [],
      app,
      requestMs,
      diagnosisMs: diagnosed ? Math.max(0, Math.round(diagnosed.atMs - endedMs)) : null,
    };
  },
  async end() {
    await page?.context().close();
  },
});
