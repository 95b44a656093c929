/** A real Chromium with a fresh profile, started without any traffic of its own. */
import { mkdtemp, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { BrowserContext } from 'playwright-core';
import { signal } from '../kill.js';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const STARTED_WITHIN_MS = 100_000;
/** For every step of a page. */
const PATIENCE_MS = 60_000;

export interface Browser {
  readonly context: BrowserContext;
  /** Ends it and forgets its profile. */
  close(): Promise<void>;
  /** Ends it in order; the profile stays. */
  quit(): Promise<void>;
  /** Ends the browser process without a word, by SIGKILL; the profile stays. */
  kill(): Promise<void>;
  /** The same profile in a new browser. */
  restart(): Promise<Browser>;
}

export interface BrowserChange {
  /** Further flags. */
  readonly flags?: readonly string[];
  /** Flags that automation adds and a test cannot do with. */
  readonly without?: readonly string[];
  /** Home directory, whose certificate database it reads. */
  readonly home?: string;
  /** A folder that an earlier browser left; a fresh one by default. */
  readonly profile?: string;
}

/** `OUTCRY_CHROMIUM` names another binary than Debian's. */
export async function startChromium(change: BrowserChange = {}): Promise<Browser> {
  const { flags = [], without = [], home, profile } = change;
  const folder = profile ?? (await mkdtemp(join(tmpdir(), 'outcry-chromium-')));
  const executablePath = process.env['OUTCRY_CHROMIUM'] ?? '/usr/bin/chromium';
  const context = await chromium.launchPersistentContext(folder, {
    executablePath,
    headless: true,
    timeout: STARTED_WITHIN_MS,
    args: [...FLAGS, ...flags],
    ignoreDefaultArgs: [...without],
    ...(home !== undefined && { env: { ...process.env, HOME: home } as Record<string, string> }),
  });
  context.setDefaultTimeout(PATIENCE_MS);
  return {
    context,
    async close() {
      await context.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
    quit: () => context.close(),
    async kill() {
      const gone = new Promise<void>((resolve) => void context.on('close', () => resolve()));
      // The lock of a profile names the process that has it.
      const pid = Number((await readlink(join(folder, 'SingletonLock'))).split('-').at(-1));
      signal(pid, 'SIGKILL');
      await gone;
    },
    restart: () => startChromium({ ...change, profile: folder }),
  };
}
