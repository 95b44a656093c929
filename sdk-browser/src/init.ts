/** Composes the agent of a page. The only file that touches globals. */
import { checkOptions, createAgent } from '@outcry/core';
import type { Agent, AgentEvent, CheckedOptions, Outcry, OutcryOptions, Platform } from '@outcry/core';
import { makeBroadcast } from './broadcast.js';
import { keepDecisions } from './decision.js';
import type { Decision, Decisions } from './decision.js';
import { makeLazyStore } from './lazy-store.js';
import { makePresence } from './presence.js';
import type { Beginnings, Recording } from './recording.js';
import { runtimeOf } from './runtime.js';
import { allowed } from './scope.js';
import type { Scope } from './scope.js';
import type { Begin } from './watch/ending.js';
import { watchFetch } from './watch/fetch.js';
import { watchXhr } from './watch/xhr.js';

/** What `init` gives back. */
export interface BrowserOutcry extends Outcry {
  /** What happens inside, for a page that shows it; the result stops it. Nothing of it leaves the device. */
  onEvent(listen: (event: AgentEvent) => void): () => void;
}

/** How the parts that are not needed at once are fetched. */
export interface Loaders {
  readonly recording: () => Promise<typeof import('./recording.js')>;
  /** The crypto for browsers without native X25519 and Ed25519. */
  readonly nacl: NonNullable<Platform['loadNacl']>;
}

export type Init = (options: OutcryOptions, platform?: Partial<Platform>) => BrowserOutcry;

/** Options with the decision of an earlier page: a kept denial wins, a kept grant goes on unless the app says otherwise. */
function withDecision(options: OutcryOptions, kept: Decision | undefined): CheckedOptions {
  const checked = checkOptions(options, 'sdk-browser');
  if (kept && (kept.consent === 'denied' || checked.consent === 'unknown'))
    try {
      return checkOptions({ ...options, ...kept }, 'sdk-browser');
    } catch {
      // A receipt that nobody gave.
    }
  return checked;
}

/** The part of an agent that an app sees; `setConsent` and `close` as given. */
function face(agent: Agent, own: Pick<Outcry, 'setConsent' | 'close'>): BrowserOutcry {
  const { preview, sent, report, flush, pending, onEvent } = agent;
  return {
    get consent() {
      return agent.consent;
    },
    preview,
    sent,
    report,
    flush,
    pending,
    onEvent,
    ...own,
  };
}

/** Where there is no window (a server that renders the page): everything is there, nothing is done. */
function makeInert(options: OutcryOptions): BrowserOutcry {
  const nothing = (): Promise<void> => Promise.resolve();
  const checked = { ...checkOptions(options, 'sdk-browser'), consent: 'unknown', receipt: undefined } as const;
  // Without consent an agent asks its platform for nothing but what it is.
  const agent = createAgent(checked, { source: 'sdk-browser', runtime: 'other', runtimeMajor: 0, os: 'other' } as Platform);
  return face(agent, { setConsent: nothing, close: nothing });
}

function begin(scope: Scope, loaders: Loaders, overrides: Partial<Platform>, name: string, decisions: Decisions): Beginnings {
  const locks = scope.navigator.locks as LockManager | undefined;
  const presence = locks && makePresence(locks, name, Math.random);
  return {
    now: Date.now,
    random: Math.random,
    // Taken before anything is wrapped.
    fetchFn: scope.fetch.bind(scope),
    setTimer(run, ms) {
      const timer = scope.setTimeout(run, Math.min(ms, 2 ** 31 - 1));
      return () => scope.clearTimeout(timer);
    },
    source: 'sdk-browser',
    ...runtimeOf(scope.navigator),
    loadNacl: loaders.nacl,
    // The one place where a withdrawal of another tab can be read without waiting.
    isGrantedAtOnce: () => decisions.read()?.consent === 'granted',
    ...('BroadcastChannel' in scope && {
      broadcast: makeBroadcast(scope.BroadcastChannel, name, presence),
    }),
    presence,
    ...overrides,
  };
}

function compose(options: OutcryOptions, scope: Scope, loaders: Loaders, overrides: Partial<Platform>, onClose: () => void): BrowserOutcry {
  const now = overrides.now ?? Date.now;
  const decisions = keepDecisions(() => scope.localStorage, now);
  const kept = decisions.read();
  const checked = withDecision(options, kept);
  // A denial that the user gave here outlasts one that the app passes.
  const isTakenBack = options.consent === 'denied' && kept?.consent === 'granted';
  if (isTakenBack) decisions.keep('unknown');

  const { performance, document } = scope;
  const { store: name = 'outcry' } = checked;
  const idb = allowed(() => scope.indexedDB as IDBFactory | undefined);
  const beginnings = begin(scope, loaders, overrides, name, decisions);
  let loading: Promise<Recording> | undefined;
  let loaded: Recording | undefined;
  /** When consent was given, by `performance.now()`. */
  let sinceMark = performance.now();
  const recording = (): Promise<Recording> =>
    (loading ??= loaders
      .recording()
      .then(
        async ({ makeRecording }) =>
          (loaded = await makeRecording({
            scope,
            name,
            idb,
            beginnings,
            overrides,
            agent,
            begin: watchRequest,
            sinceMark: () => sinceMark,
            onEnd: unwatch,
            options: checked,
          })),
      )
      // What could not be loaded is asked for anew.
      .finally(() => {
        if (!loaded) loading = undefined;
      }));

  // Outside of a session the agent needs no more of its platform; the session is given the whole.
  const store = makeLazyStore({
    loaded: () => overrides.store ?? loaded?.platform.store,
    wasGranted: () => agent.grants() > 0,
    name,
    idb,
  });
  const thin = { ...beginnings, store };
  const agent = createAgent(checked, thin as unknown as Platform, recording, isTakenBack);

  const watchRequest: Begin = (address, method, resource, startedMark = performance.now(), call) => {
    if (!agent.isGranted()) {
      unwatch();
      return undefined;
    }
    const url = new URL(address, document.baseURI);
    if (!/^(http|ws)/.test(url.protocol) || !agent.watched(url.hostname)) return undefined;
    const grant = agent.grants();
    const request = {
      url,
      method,
      resource,
      startedAtMs: beginnings.now(),
      startedMark,
      call,
      stands: () => agent.isGranted() && agent.grants() === grant,
    };
    const following = recording().then((made) => made.follow(request));
    following.catch(() => undefined);
    return (ending, given) => {
      const tookMs = performance.now() - startedMark;
      following.then((end) => end(ending, tookMs, given)).catch(() => undefined);
    };
  };
  const watchers = [watchFetch(scope, watchRequest), watchXhr(scope.XMLHttpRequest.prototype, watchRequest)];
  const watch = (): void => {
    if (agent.isGranted()) for (const each of watchers) each.start();
  };
  function unwatch(): void {
    for (const each of watchers) each.stop();
  }
  watch();

  return face(agent, {
    async setConsent(state, receipt) {
      if (!agent.isGranted()) sinceMark = performance.now();
      // What is decided is decided at once; the rest takes its time.
      const done = agent.setConsent(state, receipt);
      if (state !== 'granted' && !agent.isGranted()) {
        unwatch();
        decisions.keep(agent.consent);
      }
      await done;
      if (agent.isGranted() && receipt) decisions.keep(state, receipt);
      watch();
    },
    async close() {
      unwatch();
      await agent.close();
      onClose();
    },
  });
}

/** Makes `init`. */
export function makeInit(loaders: Loaders): Init {
  let first: BrowserOutcry | undefined;
  return (options, overrides = {}) => {
    if (typeof window === 'undefined') return makeInert(options);
    if (first) {
      console.warn('outcry: init was called before; the first one goes on.');
      return first;
    }
    return (first = compose(options, window, loaders, overrides, () => (first = undefined)));
  };
}
