import { makeInit } from './init.js';
import type { Init } from './init.js';

/**
 * Starts the agent of this page. Before the user's consent it records nothing, stores nothing and asks nobody.
 *
 * @param options - See docs/reference/sdk.md for types, bounds and defaults.
 * @param platform - Parts of the platform to replace, for tests and demonstrations.
 * @returns The agent; a second call warns and returns the first agent. Without a `window` it does nothing.
 * @throws OutcryError with a code, naming the wrong option. Afterwards nothing throws into the page.
 */
export const init: Init = makeInit({ recording: () => import('./recording.js'), nacl: () => import('./fallback.js') });

export { OutcryError } from '@outcry/protocol';
export type { BrowserOutcry, Init } from './init.js';
export type {
  AgentEvent,
  ConsentState,
  FlushResult,
  Outcry,
  OutcryOptions,
  PendingCounts,
  Preview,
  Receipt,
  ReportInput,
  SentEntry,
} from '@outcry/core';
