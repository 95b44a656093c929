export { init } from './init.js';
export type { NodeOutcry } from './init.js';
export { nelRoute } from './nel-route.js';
export type { NelRoute } from './nel-route.js';
export type { NelEndpoint, NelRouteOptions } from './nel-policy.js';
export type { NodePlatform } from './platform.js';
export { OutcryError } from '@outcry/protocol';
export type { ErrorCode } from '@outcry/protocol';
export type {
  AgentEvent,
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
} from '@outcry/core';
