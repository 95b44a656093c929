/** A browser whose pages have the built script tag in them. Each app is a page with storage and connections of its own. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Failure } from '@outcry/protocol';
import type { App, AppPage, StartedBrowser } from './app.js';
import { PATIENCE_MS } from './engine.js';
import type { Asked, BrowserName, Seen } from './engine.js';
import { startAgent } from './page-agent.js';
import { PAGE_NAME } from './places.js';
import { sendByFetch, sendByXhr } from './page-request.js';
import type { Sent } from './page-request.js';
import { MEANWHILE_AFTER_MS, sleepSoon } from './processes.js';
import { startLaunched } from './puppeteer-app.js';
import { serveCalls } from './role.js';
import { startWebKit } from './webkit.js';

/** Browsers take a network's change in after about a second. */
const SETTLE_MS = 1_500;
const WARM_REQUESTS = 2;
const WARM_LIMIT_MS = 10_000;
const POLL_MS = 50;
/** Chromium's own reports of a dead uplink were seen to arrive after 49 s. */
const LINGER_MS = 60_000;

interface Said {
  readonly failure: Failure;
  readonly evidence: readonly string[];
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

const authorityFile = process.env['NODE_EXTRA_CA_CERTS'] ?? '';
let name: BrowserName;
let browser: StartedBrowser;
const apps = new Map<number, App>();
const lingering: Promise<void>[] = [];
let opened = 0;

const send = (page: AppPage, asked: Asked): Promise<Sent> => page.evaluate(asked.by === 'xhr' ? sendByXhr : sendByFetch, asked);

async function visit(page: AppPage, path: string): Promise<void> {
  await page.goto(`https://${PAGE_NAME}${path}`);
  if (path !== '/worked') return;
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  // A worker takes a page only from its start on.
  await page.reload();
}

/** Sends healthy requests until enough came back; browsers drop what is under way when they notice a new network. */
async function warm(page: AppPage, asked: Asked): Promise<void> {
  const healthy = {
    ...asked,
    by: 'fetch',
    scheme: 'https',
    preflight: false,
    limitMs: WARM_LIMIT_MS,
    giveUpMs: undefined,
  } as unknown as Asked;
  for (let answers = 0, tries = 0; answers < WARM_REQUESTS; tries++) {
    const { app } = await send(page, healthy);
    if (app === '200') answers++;
    else if (tries > 2 * WARM_REQUESTS) throw new Error(`the healthy request ended with ${app}`);
  }
}

async function said(page: AppPage, patienceMs: number): Promise<Said | undefined> {
  const untilMs = Date.now() + patienceMs;
  for (;;) {
    const text = await page.evaluate(() => localStorage.getItem('said'));
    if (text !== null) return JSON.parse(text) as Said;
    if (Date.now() > untilMs) return undefined;
    await wait(POLL_MS);
  }
}

const LEFT = `https://${PAGE_NAME}/left`;

/** What happens to the page during its request. Returns the page that can be asked afterwards. */
async function meanwhile({ meanwhile: what }: Asked, app: App): Promise<AppPage> {
  const { page, pid } = app;
  if (what === 'nothing') return page;
  if (what === 'sleeps') {
    await sleepSoon(pid);
    return page;
  }
  await wait(MEANWHILE_AFTER_MS);
  if (what === 'closes') return app.closePage(LEFT);
  if (what === 'leaves') await page.goto(LEFT);
  else await app.hidePage(LEFT);
  return page;
}

function appOf(id: number): App {
  const app = apps.get(id);
  if (!app) throw new Error('no such app');
  return app;
}

const GONE = 'the page was gone';

serveCalls({
  async start(engine: BrowserName) {
    name = engine;
    browser = name === 'webkit' ? await startWebKit(authorityFile) : await startLaunched(name, authorityFile);
  },
  async open(asked: Asked): Promise<number> {
    const app = await browser.open(asked.blocker);
    await visit(app.page, asked.page);
    await startAgent(app.page, asked);
    const id = opened++;
    apps.set(id, app);
    return id;
  },
  /** The app sees healthy answers, where it was asked to. */
  async warm({ id, asked }: { id: number; asked: Asked }): Promise<void> {
    if (asked.before !== 'nothing') await warm(appOf(id).page, asked);
  },
  settle() {
    browser.forgetNames?.();
    return wait(SETTLE_MS);
  },
  async go({ id, asked }: { id: number; asked: Asked }): Promise<Seen> {
    const open = appOf(id);
    const [{ app, endedMs, requestMs, wasHidden }, page] = await Promise.all([
      send(open.page, asked).catch((): Sent => ({ app: GONE, endedMs: Date.now(), requestMs: MEANWHILE_AFTER_MS, wasHidden: false })),
      meanwhile(asked, open),
    ]);
    if (wasHidden !== (asked.meanwhile === 'hides')) throw new Error(`the page was ${wasHidden ? 'hidden' : 'visible'}`);
    const told = await said(page, app === '200' || app === GONE ? 2_000 : PATIENCE_MS);
    const failure = told?.failure;
    return {
      diagnosis: failure
        ? { type: failure.type, phase: failure.phase, kind: failure.kind, confidence: failure.confidence_pct / 100 }
        : null,
      evidence: told?.evidence ?? [],
      app,
      requestMs,
      diagnosisMs: told ? Math.max(0, Math.round(told.atMs - endedMs)) : null,
    };
  },
  /** The page goes at once. Chromium itself may have something to report of it, later. */
  async close(id: number) {
    const app = appOf(id);
    apps.delete(id);
    if (name !== 'chromium') return app.end();
    await app.drop();
    lingering.push(wait(LINGER_MS).then(() => app.end()));
  },
  linger: () => Promise.all(lingering).then(() => undefined),
  async end() {
    await browser.end();
  },
});
