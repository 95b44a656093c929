/** A process as the platform of an agent. */
import { randomBytes, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import { makeMemoryStore } from '@outcry/core';
import type { CheckedOptions, Platform } from '@outcry/core';
import { makeFileStore } from './file-store.js';
import { hasNoNetwork, networkSignature } from './interfaces.js';
import { wasAnsweredByAnother } from './error-facts.js';

const WAKE_POLL_MS = 30_000;
const LOOPBACK = /^https?:\/\/(127\.|\[::1\]|localhost)/;

/** What a caller may hand in instead, such as a shifted clock. */
export interface NodePlatform extends Platform {
  /**
   * Asked synchronously when a request is created, in the async context of its caller; false leaves the request to others. So
   * many agents can live in one process, told apart by an AsyncLocalStorage.
   */
  readonly accept: () => boolean;
}

const deflate = promisify(deflateRaw);

const OS: Readonly<Partial<Record<NodeJS.Platform, string>>> = { win32: 'windows', darwin: 'macos', linux: 'linux', android: 'android' };

function runtime(): { runtime: string; runtimeMajor: number } {
  const name = process.versions['bun'] ? 'bun' : process.versions['deno'] ? 'deno' : 'node';
  return { runtime: name, runtimeMajor: Number.parseInt(process.versions[name] ?? '0', 10) };
}

/** A timer that does not keep the process alive. */
function unrefTimer(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, Math.min(ms, 2_147_483_647)).unref();
  return () => clearTimeout(timer);
}

/** Calls `run` when the machine's addresses changed. */
function onNetworkChange(run: (isOtherNetwork: true) => void): () => void {
  let before = networkSignature();
  const timer = setInterval(() => {
    const now = networkSignature();
    if (now !== before && now !== '') run(true);
    before = now;
  }, WAKE_POLL_MS).unref();
  return () => clearInterval(timer);
}

/** The platform of this process, with `changes` in place of its own parts. */
export function makePlatform(options: CheckedOptions, changes: Partial<NodePlatform> = {}): NodePlatform {
  const allLocal = options.collectors.every((origin) => LOOPBACK.test(origin));
  return {
    accept: () => true,
    fetchFn: (...args) => fetch(...args),
    now: Date.now,
    random: Math.random,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    subtle: webcrypto.subtle as SubtleCrypto,
    store: options.store === undefined ? makeMemoryStore() : makeFileStore(options.store),
    // Rounds of one agent follow each other; between processes the lease of each envelope decides.
    withSenderLock: (work) => work(new AbortController().signal),
    setTimer: unrefTimer,
    networkTimer: unrefTimer,
    source: 'sdk-node',
    ...runtime(),
    os: OS[process.platform] ?? 'other',
    online: () => allLocal || !hasNoNetwork(),
    connection: () => 'unknown',
    wasAnswered: wasAnsweredByAnother,
    deflate: (bytes) => deflate(bytes),
    onWake: onNetworkChange,
    ...changes,
  };
}
