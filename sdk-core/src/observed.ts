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
  | { readonly kind: 'dropped'; readonly reason: LossReason; readonly count: number }
  | { readonly kind: 'steered'; readonly version: number }
  /** The browser's own failure reports of an origin: switched on, or taken back because its policy names other receivers. */
  | { readonly kind: 'nel'; readonly origin: string; readonly state: 'on' | 'refused' };

/** How one witness answered just now. */
export interface WitnessAnswer {
  readonly url: string;
  /** Asked by its address, not by name. */
  readonly isAddress: boolean;
  /** Something answered; `reached` only where it was a witness, not a sign-in page in its place. */
  readonly answered: boolean;
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
   * Whether a round of questions to a failing host may be made: consent stands, which the store is asked, and the draw by the share that a
   * signed configuration leaves wins. Drawn anew each time: one call per round. Never rejects.
   */
  mayProbe(): Promise<boolean>;
  /**
   * Asks two witnesses by name and one by address once, to tell "only this host" from "nothing works". At most one per failing host and
   * minute and six per hour; null when the budget is used up, consent is missing or there is no witness. Never rejects.
   *
   * @param deadlineMs - How long each may take; 8 s by default.
   */
  compareWitness(host: string, deadlineMs?: number): Promise<readonly WitnessAnswer[] | null>;
}
