/** What the page's own rules stop: content security policy by its events, mixed content by looking. */
import type { Evidence } from './diagnose/evidence.js';
import type { Resource } from './watch/ending.js';

/** Policy events arrive a task later than the rejection they belong to. */
export const EVENTS_MS = 50;

const LOOPBACK = /^(127(\.\d+){3}|\[::1\]|(.+\.)?localhost)$/;
const REMEMBER_MS = 10_000;
/** How `effectiveDirective` begins for what is loaded, also where only `default-src` is written; `script-src-elem` is one for `script`. */
const directiveFor = (resource: Resource): string =>
  resource === 'image' ? 'img' : /script|style|media/.test(resource) ? resource : 'connect';
/** Asked by ourselves: a rule may forbid it, and not what the app asks for. */
const ICON = '/favicon.ico';

/** The clock may have been set back since. */
const isRecent = (ms: number): boolean => Math.abs(ms) < REMEMBER_MS;

export interface PolicyWatch {
  /** Whether a rule stopped requests for such a resource to this origin within the last ten seconds. */
  stopped(url: URL, resource?: Resource): Evidence['policy'];
  start(): void;
  stop(): void;
}

export function watchPolicy(scope: Pick<Window, 'location' | 'document'>, now: () => number): PolicyWatch {
  const stoppedAtMs = new Map<string, number>();
  const hear = ({ blockedURI, disposition, effectiveDirective }: SecurityPolicyViolationEvent): void => {
    // A policy that only reports stops nothing.
    if (disposition === 'report') return;
    const at = now();
    for (const [what, atMs] of stoppedAtMs) if (!isRecent(at - atMs)) stoppedAtMs.delete(what);
    try {
      const { origin, pathname } = new URL(blockedURI.replace(/^ws/, 'http'));
      if (pathname !== ICON) stoppedAtMs.set(effectiveDirective.replace(/-.*/, '') + origin, at);
    } catch {
      // `inline`, `eval` and other words that are no address.
    }
  };
  return {
    stopped({ origin, protocol, hostname }, resource = 'fetch') {
      // Older browsers name the directive that is written.
      const isStopped = (directive: string): boolean => isRecent(now() - (stoppedAtMs.get(directive + origin) ?? -Infinity));
      if (isStopped(directiveFor(resource)) || isStopped('default')) return 'csp';
      return protocol === 'http:' && scope.location.protocol === 'https:' && !LOOPBACK.test(hostname) ? 'mixed_content' : 'none';
    },
    start: () => scope.document.addEventListener('securitypolicyviolation', hear),
    stop() {
      scope.document.removeEventListener('securitypolicyviolation', hear);
      stoppedAtMs.clear();
    },
  };
}
