/** The system programs that some suites need, and how a Debian machine gets them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const CHROMIUM = { name: 'chromium', debianPackage: 'chromium', suites: ['browser'] };

/** Gives Chromium an authority of the test's own. */
const CERTUTIL = { name: 'certutil', debianPackage: 'libnss3-tools', suites: ['browser'] };

const ENGINES = [
  { name: 'prometheus', debianPackage: 'prometheus', suites: ['scenario'] },
  { name: 'prometheus-alertmanager', debianPackage: 'prometheus-alertmanager', suites: ['scenario'] },
];

/** Their tests skip themselves, by name. */
const NGINX = { name: 'nginx', debianPackage: 'nginx', suites: [] };
const STRACE = { name: 'strace', debianPackage: 'strace', suites: [] };

/** What `npm test` needs. */
export const PROGRAMS = [CHROMIUM, CERTUTIL, ...ENGINES, NGINX, STRACE];

/** What `npm run lab` needs. */
export const LAB_PROGRAMS = [
  CHROMIUM,
  { name: 'ip', debianPackage: 'iproute2' },
  { name: 'nft', debianPackage: 'nftables' },
  { name: 'dnsmasq', debianPackage: 'dnsmasq-base' },
  CERTUTIL,
  { name: 'firefox-esr', debianPackage: 'firefox-esr' },
  { name: 'socat', debianPackage: 'socat' },
];

/** What the lab's WebKitGTK needs besides: MiniBrowser comes with its driver. */
export const WEBKIT_PROGRAMS = [
  { name: 'WebKitWebDriver', debianPackage: 'webkit2gtk-driver' },
  { name: 'Xvfb', debianPackage: 'xvfb' },
];

/** What the route leak needs (test/lab/leak). */
export const LEAK_PROGRAMS = [
  { name: 'ip', debianPackage: 'iproute2' },
  { name: 'nft', debianPackage: 'nftables' },
  { name: 'bird', debianPackage: 'bird2' },
  { name: 'dnsmasq', debianPackage: 'dnsmasq-base' },
];

/** The absolute path of a program on PATH, or undefined. */
export function findProgram(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

/**
 * Makes sure that a program is there: installs it with apt-get on Debian as root.
 * @returns {string | undefined} Its path, or undefined where it cannot be had; the caller skips by name with `installLine`.
 */
export function ensureProgram({ name, debianPackage }) {
  const found = findProgram(name);
  if (found !== undefined) return found;
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) return undefined;
  console.log(`installing ${debianPackage} with apt-get`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] }).status;
  apt('update');
  apt('install', '-y', '--no-install-recommends', debianPackage);
  return findProgram(name);
}

export const installLine = ({ debianPackage }) => `apt-get install -y ${debianPackage}`;

/** First line of `program --version`, for benchmark headers. */
export function versionOf(path) {
  try {
    return execFileSync(path, ['--version'], { encoding: 'utf8' }).split('\n')[0];
  } catch {
    return 'unknown version';
  }
}
