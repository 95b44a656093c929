/** What the page's own rules stop: content security policy by its events, mixed content by looking. */
import type { Evidence } from './diagnose/evidence.js';

/** Policy events arrive a task later than the rejection they belong to. */
export const EVENTS_MS = 50;

const LOOPBACK = /^(127(\.\d+){3}|\[::1\]|(.+\.)?localhost)$/;
const REMEMBER_MS = 10_000;

/** The clock may have been set back since. */
const isRecent = (ms: number): boolean => Math.abs(ms) < REMEMBER_MS;

export interface PolicyWatch {
  /** Whether a rule stopped requests to this origin within the last ten seconds. */
  stopped(url: URL): Evidence['policy'];
  start(): void;
  stop(): void;
}

export function watchPolicy(scope: Pick<Window, 'location' | 'document'>, now: () => number): PolicyWatch {
  const stoppedAtMs = new Map<string, number>();
  const hear = ({ blockedURI, disposition }: SecurityPolicyViolationEvent): void => {
    // A policy that only reports stops nothing.
    if (disposition === 'report') return;
    const at = now();
    for (const [origin, atMs] of stoppedAtMs) if (!isRecent(at - atMs)) stoppedAtMs.delete(origin);
    try {
      stoppedAtMs.set(new URL(blockedURI.replace(/^ws/, 'http')).origin, at);
    } catch {
      // `inline`, `eval` and other words that are no address.
    }
  };
  return {
    stopped({ origin, protocol, hostname }) {
      if (isRecent(now() - (stoppedAtMs.get(origin) ?? -Infinity))) return 'csp';
      return protocol === 'http:' && scope.location.protocol === 'https:' && !LOOPBACK.test(hostname) ? 'mixed_content' : 'none';
    },
    start: () => scope.document.addEventListener('securitypolicyviolation', hear),
    stop() {
      scope.document.removeEventListener('securitypolicyviolation', hear);
      stoppedAtMs.clear();
    },
  };
}
