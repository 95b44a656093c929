/** The agent: what both SDKs drive with their observations. */
import { OutcryError } from '@outcry/protocol';
import { CONSENT_STATES } from './check-options.js';
import type { CheckedOptions } from './check-options.js';
import type { removeNel } from './nel-removal.js';
import type { Agent, AgentEvent } from './observed.js';
import type { Platform, TabMessage } from './platform.js';
import { emptyBody, previewOf } from './preview.js';
import { checkReceipt } from './receipt.js';
import type { Session, startSession } from './session.js';
import { eraseStore, othersStop } from './withdraw.js';
import type { ConsentState, Receipt, SentEntry } from './types.js';

/** What is observed while the recording part loads, and how long to wait before it is asked for again. */
const MAX_EARLY = 200;
const RELOAD_MS = 30_000;

/** What is loaded at the grant. */
export interface SessionModule {
  readonly startSession: typeof startSession;
  readonly removeNel: typeof removeNel;
}

/** Apart from the function's own names, one of which minifiers mistake for the bundled module of the same name. */
const loadSession = (): Promise<SessionModule> => import('./session.js');

/**
 * Makes the agent. Consent and its withdrawal are decided here; everything that records or sends lives in a session that exists
 * only while consent is granted.
 *
 * @param options - From `checkOptions`.
 * @param platform - The place it runs in.
 * @param load - Gets the recording part; the default is a dynamic import, so that bundlers make a chunk of it.
 * Never throws, and nothing of the result throws or rejects, except `setConsent` with a malformed receipt.
 */
export function createAgent(options: CheckedOptions, platform: Platform, load: () => Promise<SessionModule> = loadSession): Agent {
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
  let grants = 0;
  /** The last erasing did not succeed. */
  let unclean = false;

  function emit(event: AgentEvent): void {
    if (options.debug) console.debug('outcry', event);
    for (const listen of listeners)
      try {
        listen(event);
      } catch {
        // The listener's own matter.
      }
  }

  function finish(): void {
    session?.end();
    for (const run of undo) run();
    undo = [];
  }

  /** Stops at once and forgets what is in memory. */
  function stop(): void {
    finish();
    granted = session = receipt = undefined;
    sent.length = 0;
  }

  function gone(): void {
    stop();
    state = 'denied';
  }

  function start(given: Receipt): void {
    receipt = given;
    grants++;
    // A store that cannot even tell its epoch, or still holds what was withdrawn, takes nothing and lets nothing be sent.
    const epoch = erasing.then(async () => (!unclean || (await erase()) ? store.epoch() : NaN)).catch(() => NaN);
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
    const hear = ({ kind }: TabMessage): void => {
      if (kind !== 'erased') return;
      gone();
      broadcast?.post({ kind: 'confirmed' });
    };
    quietly(undefined, () => broadcast && undo.push(broadcast.listen(hear)));
  }

  /** The session, once it is loaded; undefined without consent. */
  async function opened(): Promise<Session | undefined> {
    await granted?.ready;
    return session;
  }

  /** What the session answers; undefined without one, and where it fails. */
  const asked = <T>(ask: (session: Session) => T | Promise<T>): Promise<T | undefined> =>
    opened()
      .then((to) => to && ask(to))
      .catch(() => undefined);

  /** Now, or as soon as the session is loaded. */
  function record(run: (session: Session) => void): void {
    if (session) run(session);
    else if (granted && granted.early.length < MAX_EARLY) granted.early.push(run);
  }

  const erase = async (): Promise<boolean> => !(unclean = !(await eraseStore(platform)));

  function withdraw(): Promise<unknown> {
    const { nel } = options;
    const removed = granted && nel.length && load().then((part) => part.removeNel(nel, platform, () => !granted));
    stop();
    return (erasing = Promise.all([erasing.then(erase), othersStop(platform).catch(() => undefined), removed]));
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
      if (!CONSENT_STATES.includes(next)) throw new OutcryError('OUTCRY_BAD_OPTION', 'consent');
      if (closed && next === 'granted') return;
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
        const copy = { ...input };
        const nowMs = platform.now();
        if (isGranted() && watched(copy.host)) record((to) => to.report(copy, nowMs));
      }),
    flush: async () => (!closed && (await asked((to) => to.flush()))) || { delivered: 0, dropped: 0, kept: 0 },
    pending: async () => (await asked((to) => to.pending())) ?? { unsealed: 0, envelopes: 0, bytes: 0 },
    async close() {
      if (closed) return;
      closed = true;
      await asked((to) => to.close());
      finish();
    },
    observe: (attempt) => quietly(undefined, () => isGranted() && watched(attempt.host) && record((to) => to.observe(attempt))),
    fail: (failure) => quietly(undefined, () => isGranted() && watched(failure.host) && record((to) => to.fail(failure))),
    onEvent(listen) {
      listeners.add(listen);
      return () => listeners.delete(listen);
    },
    watched,
    isGranted,
    grants: () => grants,
    routeOf: (path) => options.routes.find(([, match]) => match.test(path))?.[0] ?? null,
    mayProbe: async () => !closed && ((await asked((to) => to.mayProbe())) ?? false),
    compareWitness: async (host, deadlineMs) => (!closed && (await asked((to) => to.compare(host, deadlineMs)))) || null,
  };
}
