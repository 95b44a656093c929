/** What the demo and its fleet processes tell each other. */

export interface FleetAgentPlan {
  readonly id: number;
  /** The label of its network. */
  readonly network: string;
  /** Where its network's lookup leads. */
  readonly edgeHost: string;
  /** The address that its uploads are forwarded for. */
  readonly address: string;
  readonly release: string;
}

export interface FleetSettings {
  readonly agents: readonly FleetAgentPlan[];
  readonly shopPort: number;
  readonly collectors: readonly string[];
  readonly recipientKey: string;
  /** Where the shifted clock begins, ms since the epoch; null for a fleet that is live at once. */
  readonly historyFromMs: number | null;
}

/** Requests of one network since the last count. */
export interface Tally {
  readonly network: string;
  readonly made: number;
  readonly failed: number;
}

export type FleetEvent =
  | { readonly is: 'history'; readonly share: number; readonly requests: number; readonly failed: number }
  | { readonly is: 'delivering'; readonly agents: number; readonly of: number }
  | { readonly is: 'live'; readonly requests: number; readonly failed: number; readonly delivered: number; readonly kept: number }
  | { readonly is: 'tally'; readonly networks: readonly Tally[] };
