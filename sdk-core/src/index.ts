export { createAgent } from './agent.js';
export type { Agent, AgentEvent, Attempt, ObservedFailure, WitnessAnswer } from './observed.js';
export { checkOptions } from './check-options.js';
export type { CheckedOptions } from './check-options.js';
export { ENTRY_PREFIX } from './entry.js';
export { makeMemoryStore } from './memory-store.js';
export { removeNel, startSession } from './session.js';
export type { Session } from './session.js';
export { isFollowable } from './steered.js';
export { watchSleep } from './sleep.js';
export type { SleepWatch } from './sleep.js';
export { readPlan } from './worker-plan.js';
export { outcomeOf } from './outcome.js';
export type { Broadcast, Platform, Store, TabMessage } from './platform.js';
export type {
  ConsentState,
  FlushResult,
  Outcry,
  OutcryOptions,
  PendingCounts,
  Preview,
  PreviewBody,
  Receipt,
  ReportInput,
  SentEntry,
} from './types.js';
