/** What the SDKs tell the agent, and what it tells them. */
import type { Diagnosis, Failure, LossReason } from '@outcry/protocol';
import type { Outcry } from './types.js';

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
  /** How often consent was given to this agent: a request that began under an earlier grant is not told of under a later one. */
  grants(): number;
  /** The route pattern of a path, or null. */
  routeOf(path: string): string | null;
  /**
   * Asks the witnesses once, to tell "only this host" from "nothing works". At most one per failing host and minute and six per
   * hour; null when the budget is used up, consent is missing or there is no witness. Never rejects.
   */
  compareWitness(host: string): Promise<readonly WitnessAnswer[] | null>;
}
