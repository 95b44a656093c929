/**
 * WebKitGTK: Debian's MiniBrowser, driven by WebKitWebDriver on a display in memory. A driver knows one session at a time, so each app has a
 * driver and a browser of its own. Not Safari: another network stack (libsoup, GnuTLS) and other limits.
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, realpathSync, utimesSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../free-port.js';
import type { App, StartedBrowser } from './app.js';
import { openSession } from './web-driver.js';

/** GnuTLS reads the authorities from here, and nowhere else. */
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';
const RESOLVER_FILE = '/etc/resolv.conf';
const DISPLAY = 77;
/** Where X servers listen to TCP; display 0 at the first. */
const DISPLAY_PORT = 6_000 + DISPLAY;
const STARTED_WITHIN_MS = 30_000;
const POLL_MS = 100;

const bind = (from: string, to: string): unknown => execFileSync('mount', ['--bind', from, to]);

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

/** Starts a program, and waits until it listens. */
async function startListening(port: number, program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(program, args, { env, stdio: 'ignore' });
  for (const untilMs = Date.now() + STARTED_WITHIN_MS; !(await answers(port)); await wait(POLL_MS))
    if (child.exitCode !== null || Date.now() > untilMs) throw new Error(`${program} did not start`);
  return child;
}

async function openApp(): Promise<App> {
  const home = mkdtempSync(join(tmpdir(), 'webkit-'));
  const port = await freePort();
  const driver = await startListening(port, 'WebKitWebDriver', [`--port=${port}`], {
    ...process.env,
    HOME: home,
    XDG_RUNTIME_DIR: home,
    DISPLAY: `127.0.0.1:${DISPLAY}`,
    // Nothing of a desktop is asked for.
    GDK_BACKEND: 'x11',
    GSETTINGS_BACKEND: 'memory',
    NO_AT_BRIDGE: '1',
    DBUS_SESSION_BUS_ADDRESS: 'disabled:',
  });
  const { page, end } = await openSession(`http://127.0.0.1:${port}`, {});
  const close = async (): Promise<void> => {
    await end().finally(() => driver.kill());
  };
  const cannot = (): Promise<never> => Promise.reject(new Error('a session has one page'));
  return { page, pid: driver.pid, closePage: cannot, hidePage: cannot, drop: close, end: close };
}

/** Starts the display. Files of the system are replaced in this process' own mount namespace only. */
export async function startWebKit(authorityFile: string): Promise<StartedBrowser> {
  if (!existsSync(AUTHORITIES)) throw new Error(`${AUTHORITIES} is missing; apt-get install -y ca-certificates`);
  bind(authorityFile, realpathSync(AUTHORITIES));
  // A copy: other browsers take a new date of their file for a new network.
  const ownResolverFile = join(mkdtempSync(join(tmpdir(), 'webkit-')), 'resolv.conf');
  copyFileSync(RESOLVER_FILE, ownResolverFile);
  bind(ownResolverFile, realpathSync(RESOLVER_FILE));
  let written = Math.floor(Date.now() / 1_000);
  // Over TCP, and without a lock: a display's usual socket and lock are files outside of this world.
  const silent = ['-nolock', '-ac', '-nolisten', 'unix', '-nolisten', 'local', '-listen', 'tcp'];
  const display = await startListening(DISPLAY_PORT, 'Xvfb', [`:${DISPLAY}`, '-screen', '0', '1024x768x24', ...silent], process.env);
  return {
    open: (blocker) => (blocker ? Promise.reject(new Error('it has no such extensions')) : openApp()),
    // WebKit keeps names beyond their lifetime, until this file is written anew, as it is in a new network.
    forgetNames() {
      written += 1;
      utimesSync(ownResolverFile, written, written);
    },
    async end() {
      display.kill();
    },
  };
}
