/** One envelope to one of the collectors: ordered by measured health, the next on failure, hedged when slow. */
import { DAY_MS, FINAL_CODES } from '@outcry/protocol';
import { LONGEST_WAIT_MS, retryAfterMs } from './backoff.js';
import { NOT_ASKED } from './grant.js';
import type { Answer, Grant } from './grant.js';

const DEADLINE_MS = 30_000;
const CLOSING_MS = 5_000;
const SLOW_MS = 2_000;
const GRUDGE_MS = 600_000;
/** Browsers allow 64 KiB of bodies in flight with `keepalive`. */
const KEEPALIVE_BYTES = 60_000;

interface Health {
  failures: number;
  failedAtMs: number;
  usualMs: number;
  notBeforeMs: number;
}

export interface Sent {
  /** `over_budget`: nothing more may be sent today. */
  readonly result: 'delivered' | 'rejected' | 'kept' | 'over_budget';
  readonly collector: string;
  readonly tookMs: number;
  /** Hosts of collectors that could not be reached: path evidence. */
  readonly failed: string[];
}

export interface Sender {
  send(bytes: Uint8Array, how: { closing: boolean; signal: AbortSignal }): Promise<Sent>;
  /** How long until the first collector may be asked again, as their Retry-After says. */
  waitMs(): number;
}

const isFinal = ({ status, text }: Answer): boolean => {
  try {
    const { code } = JSON.parse(text) as { code?: unknown };
    return status >= 400 && status < 500 && (FINAL_CODES as readonly unknown[]).includes(code);
  } catch {
    return false;
  }
};

export function makeSender(grant: Grant): Sender {
  const { platform, options } = grant;
  const { now, random } = platform;
  const later = platform.networkTimer ?? platform.setTimer;
  let keptAlive = 0;

  const collectors = options.collectors.map((origin) => {
    // Unknown health starts at a random value, so that agents do not all begin with the same collector.
    const health: Health = { failures: 0, failedAtMs: 0, usualMs: random() * 300, notBeforeMs: 0 };
    return { origin, host: new URL(origin).hostname, health };
  });
  type Collector = (typeof collectors)[number];

  const badness = ({ health }: Collector): number =>
    health.usualMs + (Math.abs(now() - health.failedAtMs) < GRUDGE_MS ? health.failures * DEADLINE_MS : 0);

  /** How long it still asks to be left alone. More than it can have asked for means that the clock was set back. */
  const restMs = ({ health }: Collector): number => {
    const ms = health.notBeforeMs - now();
    return ms > LONGEST_WAIT_MS ? 0 : Math.max(0, ms);
  };

  /** Takes `size` bytes from the day's budget. */
  async function spend(size: number): Promise<boolean> {
    const day = Math.floor(now() / DAY_MS);
    let fits = true;
    await grant
      .update('budget', (old) => {
        const { day: of, bytes } = (old ?? { day, bytes: 0 }) as { day: number; bytes: number };
        const used = (of === day ? bytes : 0) + size;
        fits = used <= options.maxBytesPerDay;
        return fits ? { day, bytes: used } : old;
      })
      .catch(() => undefined);
    return fits;
  }

  async function post(origin: string, bytes: Uint8Array, closing: boolean, abort: AbortController): Promise<Answer> {
    const size = bytes.length;
    const keepalive = platform.isHidden !== undefined && (closing || platform.isHidden()) && keptAlive + size <= KEEPALIVE_BYTES;
    const init: RequestInit = { method: 'POST', body: bytes as Uint8Array<ArrayBuffer> };
    if (keepalive) {
      keptAlive += size;
      init.keepalive = true;
    }
    try {
      return await grant.ask(`${origin}/v1/reports`, init, closing ? CLOSING_MS : DEADLINE_MS, abort);
    } finally {
      if (keepalive) keptAlive -= size;
    }
  }

  return {
    waitMs: () => Math.min(...collectors.map(restMs)),
    send: (bytes, { closing, signal }) =>
      new Promise((resolve) => {
        const waiting = collectors.filter((each) => restMs(each) === 0).sort((a, b) => badness(a) - badness(b));
        const running = new Map<AbortController, Collector>();
        const failed: string[] = [];
        let done = false;
        let cancelHedge = (): void => undefined;

        function finish(result: Sent['result'], collector = '', tookMs = 0): void {
          if (done) return;
          done = true;
          cancelHedge();
          signal.removeEventListener('abort', giveUp);
          for (const [abort, { health }] of running) {
            // Overtaken: not path evidence, but a reason to ask it later next time.
            if (result === 'delivered') health.usualMs = Math.max(health.usualMs, SLOW_MS + tookMs);
            abort.abort();
          }
          resolve({ result, collector, tookMs, failed });
        }
        const giveUp = (): void => finish('kept');

        async function attempt(collector: Collector): Promise<void> {
          const { origin, health, host } = collector;
          const abort = new AbortController();
          running.set(abort, collector);
          const startedMs = performance.now();
          let path: boolean;
          try {
            if (!(await spend(bytes.length))) {
              finish('over_budget');
              return;
            }
            const answer = await post(origin, bytes, closing, abort);
            running.delete(abort);
            const tookMs = performance.now() - startedMs;
            if (answer.status === 204) {
              health.failures = 0;
              health.usualMs = 0.7 * health.usualMs + 0.3 * tookMs;
              finish('delivered', origin, tookMs);
              return;
            }
            // Our own collectors answer in this type; then the path to them works.
            path = !answer.type.includes('problem+json');
            if (!path && isFinal(answer)) {
              finish('rejected', origin, tookMs);
              return;
            }
            health.notBeforeMs = now() + retryAfterMs(answer.retryAfter, now());
          } catch (error) {
            running.delete(abort);
            if (error === NOT_ASKED) {
              finish('kept');
              return;
            }
            // Asked at once: the device may be online again by the time the other answer is there.
            const online = platform.online();
            path = !done && online && (await platform.wasBlocked?.(origin)) !== true;
          }
          if (done) return;
          health.failures++;
          health.failedAtMs = now();
          if (path && grant.live()) failed.push(host);
          next();
        }

        function next(): void {
          cancelHedge();
          const collector = done || !grant.live() || signal.aborted ? undefined : waiting.shift();
          if (collector) {
            cancelHedge = later(next, Math.max(SLOW_MS, 3 * collector.health.usualMs));
            void attempt(collector);
          } else if (running.size === 0) finish('kept');
        }

        signal.addEventListener('abort', giveUp);
        next();
      }),
  };
}
