/** One envelope to one of the collectors: the healthiest first, the next on failure, hedged when slow. */
import { FINAL_CODES } from '@outcry/protocol';
import { retryAfterMs } from './backoff.js';
import type { Budget } from './budget.js';
import { NOT_ASKED } from './grant.js';
import type { Answer, Grant } from './grant.js';
import { DEADLINE_MS, SLOW_MS } from './health.js';
import type { Collector, Ranking } from './health.js';
import { makeKeepaliveBudget } from './keepalive.js';

const CLOSING_MS = 5_000;

export interface Sent {
  /** `over_budget`: nothing more may be sent today. */
  readonly result: 'delivered' | 'rejected' | 'kept' | 'over_budget';
  readonly collector: string;
  readonly tookMs: number;
  /** Hosts of collectors that could not be reached: path evidence. */
  readonly failed: string[];
}

export interface Sender {
  /** Never rejects. */
  send(bytes: Uint8Array, how: { closing: boolean; signal: AbortSignal }): Promise<Sent>;
  /**
   * Hands one envelope to the best collector in the moment in which the page is closed, when nothing can be waited for. Its bytes are
   * not counted then: the next page finds the envelope in the queue, sends it again and counts it.
   *
   * @returns Undefined when nothing was asked: no room for `keepalive`, no network, or consent is not known to stand.
   */
  part(bytes: Uint8Array): Promise<Sent> | undefined;
}

const isFinal = ({ status, text }: Answer): boolean => {
  try {
    const { code } = JSON.parse(text) as { code?: unknown };
    return status >= 400 && status < 500 && (FINAL_CODES as readonly unknown[]).includes(code);
  } catch {
    return false;
  }
};

export function makeSender(grant: Grant, ranking: Ranking, budget: Budget): Sender {
  const { platform } = grant;
  const { now } = platform;
  const later = platform.networkTimer ?? platform.setTimer;
  const monotonic = platform.monotonic ?? ((): number => performance.now());

  const keepalive = makeKeepaliveBudget();

  const uploadTo = (origin: string): string => `${origin}/v1/reports`;
  const uploadOf = (bytes: Uint8Array, alive: boolean): RequestInit => ({
    method: 'POST',
    body: bytes as Uint8Array<ArrayBuffer>,
    ...(alive && { keepalive: true }),
  });
  const learn = ({ health }: Collector, tookMs: number): void =>
    void Object.assign(health, { failures: 0, usualMs: 0.7 * health.usualMs + 0.3 * tookMs, measuredAtMs: now() });

  function part(bytes: Uint8Array): Promise<Sent> | undefined {
    const [collector] = ranking.order();
    if (!collector || !keepalive.take(bytes.length)) return undefined;
    const startedMs = monotonic();
    const asked = grant.askAtOnce(uploadTo(collector.origin), uploadOf(bytes, true), CLOSING_MS);
    if (!asked) {
      keepalive.give(bytes.length);
      return undefined;
    }
    return asked
      .then(({ status }): Sent => {
        const tookMs = monotonic() - startedMs;
        if (status === 204) learn(collector, tookMs);
        return { result: status === 204 ? 'delivered' : 'kept', collector: collector.origin, tookMs, failed: [] };
      })
      .finally(() => keepalive.give(bytes.length));
  }

  async function send(bytes: Uint8Array, { closing, signal }: { closing: boolean; signal: AbortSignal }): Promise<Sent> {
    await ranking.ready;
    return new Promise((resolve) => {
      const waiting = ranking.order();
      const running = new Map<AbortController, Collector>();
      /** Asked with `keepalive`: those go on when the page is left, which is what it is for. */
      const outliving = new Set<AbortController>();
      const failed: string[] = [];
      let done = false;
      let cancelHedge = (): void => undefined;

      function finish(result: Sent['result'], collector = '', tookMs = 0, left = false): void {
        if (done) return;
        done = true;
        cancelHedge();
        signal.removeEventListener('abort', giveUp);
        for (const [abort, { health }] of running) {
          // Overtaken: not path evidence, but a reason to ask it later next time.
          if (result === 'delivered') Object.assign(health, { usualMs: Math.max(health.usualMs, SLOW_MS + tookMs), measuredAtMs: now() });
          if (!left || !outliving.has(abort)) abort.abort();
        }
        resolve({ result, collector, tookMs, failed });
      }
      const giveUp = (): void => finish('kept', '', 0, true);

      async function attempt(collector: Collector): Promise<void> {
        const { origin, health, host } = collector;
        const abort = new AbortController();
        running.set(abort, collector);
        const startedMs = monotonic();
        const size = bytes.length;
        let path: boolean;
        let alive = false;
        try {
          if (!platform.online()) throw NOT_ASKED;
          if (!(await budget.spend(size))) {
            finish('over_budget');
            return;
          }
          const hidden = platform.isHidden?.() === true;
          alive = (hidden || (closing && platform.isHidden !== undefined)) && keepalive.take(size);
          // A plain request would be cut off with the page, so this one waits for the next page.
          if (hidden && closing && !alive) throw NOT_ASKED;
          if (alive) outliving.add(abort);
          const answer = await grant
            .ask(uploadTo(origin), uploadOf(bytes, alive), closing ? CLOSING_MS : DEADLINE_MS, abort)
            .finally(() => alive && keepalive.give(size));
          running.delete(abort);
          const tookMs = monotonic() - startedMs;
          if (answer.status === 204) {
            learn(collector, tookMs);
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
          // Asked at once: the device may be online again by the time the other answer is there. A request with `keepalive` also fails
          // where others have used the quota up, and one of a closing page is cut off by us.
          const online = platform.online();
          path = !done && online && !alive && !(closing && abort.signal.aborted) && (await platform.wasBlocked?.(origin)) !== true;
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
    });
  }

  return { send, part };
}
