/**
 * One period of granted consent: what its parts share, and its end. After `end` nothing of it writes, sends or wakes again.
 * Every write goes through `save` or `update`, every request through `ask`; all three check the consent epoch.
 */
import type { LossReason } from '@outcry/protocol';
import type { AgentEvent } from './observed.js';
import type { CheckedOptions } from './check-options.js';
import type { Platform } from './platform.js';

/** What `ask` rejects with when nothing was asked: consent is gone, the store cannot tell, or there is no network. Says nothing about the way. */
export const NOT_ASKED: Error = new Error('not asked');

/** No answer that an agent needs is longer; whatever else answers must not fill the memory. */
const MAX_TEXT = 16_384;

/** The beginning of a body as text. */
async function beginningOf(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (reader && text.length < MAX_TEXT) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
  }
  void reader?.cancel().catch(() => undefined);
  return text;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  /** The body, if it is JSON of any sort; of a long one the beginning. */
  readonly text: string;
  readonly retryAfter: string | null;
  readonly reportTo: string | null;
}

export interface Grant {
  readonly options: CheckedOptions;
  readonly platform: Platform;
  live(): boolean;
  /** The same after asking the store; the grant is over when the epoch moved on. False also while the store cannot tell. Never rejects. */
  holds(): Promise<boolean>;
  /** False, and the grant is over, when the epoch moved on: consent was withdrawn elsewhere. */
  save(puts: [string, unknown][], deletes?: string[]): Promise<boolean>;
  update(key: string, change: (old: unknown) => unknown): Promise<boolean>;
  /** A request without credentials, referrer, cache or redirects. Rejects when it fails or is stopped; with `NOT_ASKED` when consent is gone. */
  ask(url: string, init: RequestInit, deadlineMs: number, abort?: AbortController): Promise<Answer>;
  /**
   * The same without waiting for the store, for the moment in which a page is closed and nothing asynchronous ends any more.
   * Undefined where the place cannot say at once that consent stands.
   */
  askAtOnce(url: string, init: RequestInit, deadlineMs: number): Promise<Answer> | undefined;
  /** A timer that ends with the grant. */
  after(ms: number, run: () => unknown): () => void;
  readonly emit: (event: AgentEvent) => void;
  readonly lose: (reason: LossReason, count?: number) => void;
  end(): void;
}

export interface GrantParts extends Pick<Grant, 'options' | 'platform' | 'emit' | 'lose'> {
  /** The consent epoch that this period belongs to. */
  readonly epoch: number;
  /** Consent was withdrawn elsewhere. */
  readonly onGone: () => void;
}

export function makeGrant({ options, platform, epoch, onGone, emit, lose }: GrantParts): Grant {
  let alive = true;
  const timers = new Set<() => void>();
  const running = new Set<AbortController>();
  const { store } = platform;
  const networkTimer = platform.networkTimer ?? platform.setTimer;

  const stands = (holds: boolean): boolean => {
    if (!holds && alive) onGone();
    return holds && alive;
  };

  async function holds(): Promise<boolean> {
    // A store that cannot tell just now stops this request, not the consent.
    const present = await store.epoch().catch(() => undefined);
    return present !== undefined && stands(epoch === present);
  }

  async function request(url: string, init: RequestInit, deadlineMs: number, abort: AbortController): Promise<Answer> {
    running.add(abort);
    const cancel = networkTimer(() => abort.abort(), deadlineMs);
    try {
      const response = await platform.fetchFn(url, {
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        cache: 'no-store',
        redirect: 'error',
        ...init,
        signal: abort.signal,
      });
      const { headers } = response;
      const type = headers.get('content-type') ?? '';
      let text = '';
      if (/json/.test(type)) text = await beginningOf(response.body);
      else void response.body?.cancel().catch(() => undefined);
      return { status: response.status, type, text, retryAfter: headers.get('retry-after'), reportTo: headers.get('report-to') };
    } finally {
      cancel();
      running.delete(abort);
    }
  }

  return {
    options,
    platform,
    emit,
    lose,
    live: () => alive,
    holds,
    save: async (puts, deletes) => alive && stands(await store.write(epoch, puts, deletes)),
    update: async (key, change) => alive && stands(await store.update(epoch, key, change)),
    async ask(url, init, deadlineMs, abort = new AbortController()) {
      if (!(await holds()) || !platform.online()) throw NOT_ASKED;
      return request(url, init, deadlineMs, abort);
    },
    askAtOnce: (url, init, deadlineMs) =>
      alive && platform.online() && platform.isGrantedAtOnce?.() ? request(url, init, deadlineMs, new AbortController()) : undefined,
    after(ms, run) {
      if (!alive) return () => undefined;
      const cancel = platform.setTimer(() => {
        timers.delete(stop);
        void (async () => alive && (await run()))().catch(() => undefined);
      }, ms);
      const stop = (): void => {
        timers.delete(stop);
        cancel();
      };
      timers.add(stop);
      return stop;
    },
    end() {
      alive = false;
      for (const stop of timers) stop();
      for (const abort of running) abort.abort();
    },
  };
}
