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
import { eraseStore, othersStop, withinSecond } from './withdraw.js';
import type { ConsentState, Receipt, SentEntry } from './types.js';

/** What is observed while the recording part loads, and how long to wait before what failed is tried again. */
const MAX_EARLY = 200;
const AGAIN_MS = 30_000;

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
 * @param isTakenBack - An earlier page had the consent that `options` deny: what the browser was told under it is taken back.
 * Never throws, and nothing of the result throws or rejects, except `setConsent` with a malformed receipt.
 */
export function createAgent(
  options: CheckedOptions,
  platform: Platform,
  load: () => Promise<SessionModule> = loadSession,
  isTakenBack = false,
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
  let grants = 0;
  /** The last erasing did not succeed. */
  let unclean = false;

  function emit(event: AgentEvent): void {
    if (options.debug) console.debug('outcry', event);
    for (const listen of listeners) quietly(() => listen(event));
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

  /** The epoch, once everything withdrawn is erased. Rejects where the store still holds it, or cannot tell: nothing is recorded then. */
  async function cleanEpoch(): Promise<number> {
    await erase(() => unclean);
    if (unclean) throw new Error();
    return store.epoch();
  }

  function start(given: Receipt): void {
    receipt = given;
    grants++;
    // Asked now, so that a withdrawal of another tab is seen although it comes before the recording part.
    const early = cleanEpoch().catch(() => undefined);
    const mine: typeof granted = { early: [], ready: Promise.resolve() };
    granted = mine;
    const open = async (): Promise<void> => {
      try {
        const module = await load();
        const epoch = (await early) ?? (await cleanEpoch());
        if (granted !== mine) return;
        session = module.startSession({ options, platform, epoch, onGone: gone, emit, sent, receipt: receipt ?? given });
      } catch {
        if (granted === mine) undo.push(platform.setTimer(() => void (mine.ready = open()), AGAIN_MS));
        return;
      }
      for (const run of mine.early.splice(0)) quietly(() => run(session as Session));
    };
    mine.ready = open();
    const hear = ({ kind }: TabMessage): void => {
      if (kind !== 'erased') return;
      gone();
      broadcast?.post({ kind: 'confirmed' });
    };
    quietly(() => broadcast && undo.push(broadcast.listen(hear)));
  }

  /** What the session answers once it is loaded; undefined without consent, and where it fails. */
  async function asked<T>(ask: (session: Session) => T | Promise<T>): Promise<T | undefined> {
    await granted?.ready;
    try {
      return session && (await ask(session));
    } catch {
      return undefined;
    }
  }

  /** Now, or as soon as the session is loaded. */
  function record(run: (session: Session) => void): void {
    if (session) run(session);
    else if (granted && granted.early.length < MAX_EARLY) granted.early.push(run);
  }

  /** After whatever else is being erased, unless `isNeeded` says no by then. Again and again while the store fails. Never rejects. */
  function erase(isNeeded: () => boolean): Promise<unknown> {
    return (erasing = erasing.then(async () => {
      if (!isNeeded()) return;
      unclean = !(await eraseStore(platform));
      // A grant erases before it begins.
      if (unclean) platform.setTimer(() => void erase(() => unclean && !granted), AGAIN_MS);
    }));
  }

  /** Never rejects. */
  function withdraw(hadGrant = granted !== undefined): Promise<unknown> {
    const { nel } = options;
    const removed =
      hadGrant &&
      nel.length &&
      withinSecond(
        platform,
        load().then((part) => part.removeNel(nel, platform, () => !granted)),
      );
    stop();
    return (erasing = Promise.all([erase(() => true), othersStop(platform), removed]));
  }

  /** Runs `work` without ever throwing into the app. */
  function quietly(work: () => unknown): void {
    try {
      work();
    } catch {
      // Never the app's matter.
    }
  }

  const watched = (host: string): boolean => options.hosts.includes(host.toLowerCase());
  const isGranted = (): boolean => granted !== undefined && !closed;

  if (options.consent === 'granted') {
    state = 'granted';
    start(options.receipt as Receipt);
  } else if (options.consent === 'denied') {
    state = 'denied';
    void withdraw(isTakenBack);
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
      } else {
        const erased = !unclean && (state === 'denied' || state === next);
        state = next;
        await (erased ? erasing : withdraw());
      }
    },
    preview: () => previewOf(options, state, session?.next() ?? emptyBody(options, platform)),
    sent: () => structuredClone(sent),
    report: (input) =>
      quietly(() => {
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
    observe: (attempt) => quietly(() => isGranted() && watched(attempt.host) && record((to) => to.observe(attempt))),
    fail: (failure) => quietly(() => isGranted() && watched(failure.host) && record((to) => to.fail(failure))),
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
