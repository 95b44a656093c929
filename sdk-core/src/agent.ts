/** The agent: what both SDKs drive with their observations. */
import { kindOf, OutcryError, phaseOf } from '@outcry/protocol';
import type { Diagnosis, Failure, LossReason } from '@outcry/protocol';
import type { CheckedOptions } from './check-options.js';
import type { Platform } from './platform.js';
import { emptyBody, previewOf } from './preview.js';
import { checkReceipt } from './receipt.js';
import type { Session, startSession } from './session.js';
import type { ConsentState, Outcry, Receipt, SentEntry } from './types.js';

/** One finished request to a watched host. */
export interface Attempt {
  readonly host: string;
  /** `outcomeOf(kind)` of a failure; a reported failure is told to `observe` and to `fail`. */
  readonly outcome: 'succeeded' | 'failed' | 'aborted';
  readonly startedAtMs: number;
}

/** One failed request and what became of its diagnosis. Words outside the field tables count as `other`. */
export interface ObservedFailure {
  readonly host: string;
  readonly scheme: string;
  readonly method: string;
  readonly resource: string;
  /** A pattern of the `routes` option, as `routeOf` gives it. */
  readonly route?: string | null;
  readonly diagnosis: Diagnosis;
  readonly elapsedMs: number;
  /** 0 without an answer. */
  readonly statusCode: number;
  readonly protocol: string;
  readonly startedAtMs: number;
}

/** What happens inside, for a page that shows it. Never leaves the device by itself. */
export type AgentEvent =
  | { readonly kind: 'diagnosed'; readonly failure: Failure; readonly evidence: readonly string[] }
  | { readonly kind: 'sealed'; readonly bytes: number; readonly reports: number }
  | { readonly kind: 'delivered'; readonly collector: string; readonly tookMs: number; readonly sinceFailureMs: number | null }
  | { readonly kind: 'dropped'; readonly reason: LossReason };

/** How one witness answered just now: `ms` is null when it did not. */
export interface WitnessAnswer {
  readonly url: string;
  readonly reached: boolean;
  readonly ms: number;
}

export interface Agent extends Outcry {
  /** Counts one finished request; does nothing before consent. Never throws. */
  observe(attempt: Attempt): void;
  /** Takes one failed request: sampling, folding and sealing happen inside; does nothing before consent. Never throws. */
  fail(failure: ObservedFailure): void;
  /** The result stops it. */
  readonly onEvent: (listen: (event: AgentEvent) => void) => () => void;
  /** Whether this host name (no port, any case) is watched. */
  watched(host: string): boolean;
  isGranted(): boolean;
  /** The route pattern of a path, or null. */
  routeOf(path: string): string | null;
  /**
   * Asks the witnesses once, to tell "only this host" from "nothing works". At most one per failing host and minute and six per
   * hour; null when the budget is used up, consent is missing or there is no witness. Never rejects.
   */
  compareWitness(host: string): Promise<readonly WitnessAnswer[] | null>;
}

const STATES: readonly unknown[] = ['unknown', 'granted', 'denied'];
const CONFIRM_MS = 1_000;
const ERASE_TRIES = 3;
/** What is observed while the recording part loads, and how long to wait before it is asked for again. */
const MAX_EARLY = 200;
const RELOAD_MS = 30_000;

/** Apart from the function's own names, one of which minifiers mistake for the bundled module of the same name. */
const loadSession = (): Promise<{ startSession: typeof startSession }> => import('./session.js');

/**
 * Makes the agent. Consent and its withdrawal are decided here; everything that records or sends lives in a session that exists
 * only while consent is granted.
 *
 * @param options - From `checkOptions`.
 * @param platform - The place it runs in.
 * @param load - Gets the recording part; the default is a dynamic import, so that bundlers make a chunk of it.
 * Never throws, and nothing of the result throws or rejects, except `setConsent` with a malformed receipt.
 */
export function createAgent(
  options: CheckedOptions,
  platform: Platform,
  load: () => Promise<{ startSession: typeof startSession }> = loadSession,
): Agent {
  const { broadcast, source, store } = platform;
  const listeners = new Set<(event: AgentEvent) => void>();
  const sent: SentEntry[] = [];
  let state: ConsentState = 'unknown';
  let receipt: Receipt | undefined;
  let session: Session | undefined;
  /** The present grant, from the moment it is given; its session follows when it is loaded. */
  let granted: { early: ((session: Session) => void)[]; ready: Promise<void> } | undefined;
  let undo: (() => void)[] = [];
  let erasing: Promise<unknown> = Promise.resolve();
  let closed = false;

  function emit(event: AgentEvent): void {
    if (options.debug) console.debug('outcry', event);
    for (const listen of listeners)
      try {
        listen(event);
      } catch {
        // The listener's own matter.
      }
  }

  /** Stops at once and forgets what is in memory. */
  function stop(): void {
    session?.end();
    for (const run of undo) run();
    undo = [];
    granted = session = receipt = undefined;
    sent.length = 0;
  }

  function gone(): void {
    stop();
    state = 'denied';
  }

  function start(given: Receipt): void {
    receipt = given;
    // A store that cannot even tell its epoch takes nothing and lets nothing be sent.
    const epoch = erasing.then(() => store.epoch()).catch(() => NaN);
    const mine: typeof granted = { early: [], ready: Promise.resolve() };
    granted = mine;
    const open = async (): Promise<void> => {
      try {
        const module = await load();
        if (granted !== mine) return;
        session = module.startSession({ options, platform, epoch, onGone: gone, emit, sent, receipt: receipt ?? given });
      } catch {
        if (granted === mine) undo.push(platform.setTimer(() => void (mine.ready = open()), RELOAD_MS));
        return;
      }
      for (const run of mine.early.splice(0)) quietly(undefined, () => run(session as Session));
    };
    mine.ready = open();
    if (platform.onWake) undo.push(platform.onWake(() => session?.wake()));
    if (broadcast)
      undo.push(
        broadcast.listen(({ kind }) => {
          if (kind !== 'erased') return;
          gone();
          broadcast.post({ kind: 'confirmed' });
        }),
      );
  }

  /** The session, once it is loaded; undefined without consent. */
  async function opened(): Promise<Session | undefined> {
    await granted?.ready;
    return session;
  }

  /** Now, or as soon as the session is loaded. */
  function record(run: (session: Session) => void): void {
    if (session) run(session);
    else if (granted && granted.early.length < MAX_EARLY) granted.early.push(run);
  }

  async function erase(): Promise<void> {
    for (let left = ERASE_TRIES; left > 0; left--)
      try {
        await store.erase();
        return;
      } catch {
        await new Promise<void>((resolve) => void platform.setTimer(resolve, 100));
      }
  }

  /** Resolves when all other live tabs have confirmed, or after 1 s. */
  async function othersStop(): Promise<void> {
    if (!broadcast) return;
    let confirmed = 0;
    let expected = Infinity;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        stopListening();
        cancel();
        resolve();
      };
      const check = (): void => {
        if (confirmed >= expected) finish();
      };
      const stopListening = broadcast.listen(({ kind }) => {
        if (kind === 'confirmed') confirmed++;
        check();
      });
      const cancel = (platform.networkTimer ?? platform.setTimer)(finish, CONFIRM_MS);
      void broadcast
        .peers?.()
        .then((peers) => {
          expected = peers;
          check();
        })
        .catch(() => undefined);
      broadcast.post({ kind: 'erased' });
    });
  }

  function withdraw(): Promise<unknown> {
    stop();
    return (erasing = Promise.all([erasing.then(erase), othersStop().catch(() => undefined)]));
  }

  /** Runs `work` without ever throwing into the app. */
  function quietly<T>(otherwise: T, work: () => T): T {
    try {
      return work();
    } catch {
      return otherwise;
    }
  }

  const watched = (host: string): boolean => options.hosts.includes(host.toLowerCase());
  const isGranted = (): boolean => granted !== undefined && !closed;

  function fail(failure: ObservedFailure): void {
    if (isGranted() && watched(failure.host)) record((to) => to.fail(failure));
  }

  if (options.consent === 'granted') {
    state = 'granted';
    start(options.receipt as Receipt);
  } else if (options.consent === 'denied') {
    state = 'denied';
    void withdraw();
  }

  return {
    get consent() {
      return state;
    },
    async setConsent(next, given) {
      if (!STATES.includes(next)) throw new OutcryError('OUTCRY_BAD_OPTION', 'consent');
      if (closed) return;
      if (next === 'granted') {
        if (granted && !given) return;
        const checked = checkReceipt(given, source);
        state = next;
        if (!granted) start(checked);
        else if (receipt?.textHash !== checked.textHash || receipt.text !== checked.text) {
          receipt = checked;
          record((to) => to.setReceipt(checked));
        }
      } else if (next === state) await erasing;
      else {
        const erased = state === 'denied';
        state = next;
        await (erased ? erasing : withdraw());
      }
    },
    preview: () => previewOf(options, state, session?.next() ?? emptyBody(options, platform)),
    sent: () => sent.map((entry) => ({ ...entry })),
    report: (input) =>
      quietly(undefined, () => {
        const { host, type = 'unknown', scheme = 'https', method = 'GET', route, elapsedMs = 0, statusCode = 0 } = input;
        const diagnosis = { type, phase: phaseOf(type), kind: kindOf(type), confidence: 1, evidence: ['told by the app'] };
        const startedAtMs = platform.now() - (elapsedMs > 0 ? elapsedMs : 0);
        fail({
          host,
          scheme,
          method,
          resource: 'other',
          route: route ?? null,
          diagnosis,
          elapsedMs,
          statusCode,
          protocol: 'unknown',
          startedAtMs,
        });
      }),
    flush: async () =>
      (!closed &&
        (await opened()
          .then((to) => to?.flush())
          .catch(() => undefined))) || { delivered: 0, dropped: 0, kept: 0 },
    pending: async () =>
      (await opened()
        .then((to) => to?.pending())
        .catch(() => undefined)) ?? { unsealed: 0, envelopes: 0, bytes: 0 },
    async close() {
      if (closed) return;
      closed = true;
      await opened()
        .then((to) => to?.close())
        .catch(() => undefined);
      session?.end();
      for (const run of undo) run();
      undo = [];
    },
    observe: (attempt) => quietly(undefined, () => isGranted() && watched(attempt.host) && record((to) => to.observe(attempt))),
    fail: (failure) => quietly(undefined, () => fail(failure)),
    onEvent(listen) {
      listeners.add(listen);
      return () => listeners.delete(listen);
    },
    watched,
    isGranted,
    routeOf: (path) => options.routes.find(([, match]) => match.test(path))?.[0] ?? null,
    compareWitness: async (host) =>
      (!closed &&
        (await opened()
          .then((to) => to?.compare(host))
          .catch(() => null))) ||
      null,
  };
}
