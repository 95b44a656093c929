/** Chromium and Firefox, both by puppeteer: Chromium over its DevTools protocol, Firefox over WebDriver BiDi. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch } from 'puppeteer-core';
import type { Browser } from 'puppeteer-core';
import type { BrowserName } from './engine.js';

/** Driven by puppeteer. */
export type LaunchedName = Exclude<BrowserName, 'webkit'>;

const CHROMIUM_FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A page that is looked at keeps its share of the machine.
  '--disable-renderer-backgrounding',
  '--short-reporting-delay',
  '--enable-unsafe-extension-debugging',
];

/** As a user's Firefox, where the automation's own defaults would hide what a page can see. */
const FIREFOX_PREFERENCES = {
  'remote.prefs.recommended': false,
  // False would freeze `navigator.onLine`.
  'network.manage-offline-status': true,
  'network.dnsCacheExpiration': 1,
  'network.dnsCacheExpirationGracePeriod': 0,
  // No DNS over HTTPS.
  'network.trr.mode': 5,
};

/** Makes the lab's authority one of the browser's own, in the database that it reads. */
function trust(database: string, authorityFile: string): void {
  mkdirSync(database, { recursive: true });
  const certutil = (...args: readonly string[]) => execFileSync('certutil', ['-d', `sql:${database}`, ...args], { stdio: 'ignore' });
  certutil('-N', '--empty-password');
  certutil('-A', '-n', 'lab', '-t', 'C,,', '-i', authorityFile);
}

/** Starts a browser that trusts the authority, with an empty profile in the temporary folder. */
export function launchBrowser(name: LaunchedName, authorityFile: string): Promise<Browser> {
  const home = mkdtempSync(join(tmpdir(), `${name}-`));
  const userDataDir = `${home}/profile`;
  const env = { ...process.env, HOME: home };
  if (name === 'firefox') {
    trust(userDataDir, authorityFile);
    const executablePath = process.env['OUTCRY_FIREFOX'] ?? '/usr/bin/firefox-esr';
    return launch({ browser: 'firefox', executablePath, headless: true, userDataDir, env, extraPrefsFirefox: FIREFOX_PREFERENCES });
  }
  trust(`${home}/.pki/nssdb`, authorityFile);
  return launch({
    executablePath: process.env['OUTCRY_CHROMIUM'] ?? '/usr/bin/chromium',
    ignoreDefaultArgs: true,
    pipe: true,
    args: [...CHROMIUM_FLAGS, '--remote-debugging-pipe', `--user-data-dir=${userDataDir}`, 'about:blank'],
    env,
  });
}
