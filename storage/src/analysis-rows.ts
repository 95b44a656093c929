/** The rows of the tables that the analyzer fills and reads. Times are whole seconds since the epoch (UTC) where written. */

/** By which clock a rollup counts: when it happened, or when it arrived. */
export const CLOCKS = ['event', 'arrival'] as const;
export type Clock = (typeof CLOCKS)[number];

/** A cell of `rollup_10s`, as `FORMAT JSONEachRow` gives it (64-bit numbers as strings unless asked otherwise). Read with FINAL. */
export interface Rollup10sRow {
  readonly clock: Clock;
  /** Start of the bucket, `YYYY-MM-DD hh:mm:ss` in UTC. */
  readonly bucket: string;
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly source: string;
  /** Distinct report ids. */
  readonly failures: string;
  /** Failed requests: the sum of `count`. */
  readonly repeats: string;
  /** Distinct signers of the cell; never to be summed over cells. */
  readonly signers: string;
  /** Those of them that were not one of many of their address prefix: what the detector counts. */
  readonly counted: string;
  /** Sum of the reports' weights. */
  readonly weight: number;
}

/** A cell of `rollup_1m` or `rollup_1h`. */
export interface RollupRow extends Rollup10sRow {
  readonly network: string;
  readonly country: string;
  readonly release: string;
}

/** One sample of a server's own metric; the same (project, host, name, time) again replaces it. */
export interface ServerMetricRow {
  readonly time: number;
  readonly project: string;
  readonly host: string;
  readonly name: string;
  readonly value: number;
}

/** Where a spike stands: `open` (steady), `growing`, `recovering` (fewer, or quiet and not closed yet), `reopened` lately, `closed`, `merged` into another. */
export const SPIKE_PHASES = ['open', 'growing', 'recovering', 'reopened', 'closed', 'merged'] as const;
export type SpikePhase = (typeof SPIKE_PHASES)[number];

/** One version of a spike; the highest `version` of an id is the present state. `document` is the JSON of everything else. */
export interface SpikeRow {
  readonly spike_id: string;
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  /** The place: '' for the whole host, else for example `network=AS3320/DE`. Part of the spike's key. */
  readonly scope: string;
  readonly state: SpikePhase;
  readonly started_at: number;
  /** When its failures ended; 0 while they last. */
  readonly ended_at: number;
  readonly document: string;
  /** Rises with every version, for example milliseconds since the epoch. Decimal. */
  readonly version: string;
}

/** Something people did at a moment, such as a deploy; the same id again replaces it. */
export interface MarkerRow {
  readonly marker_id: string;
  readonly project: string;
  /** '' when it concerns all hosts of the project. */
  readonly host: string;
  readonly time: number;
  /** For example `deploy`. */
  readonly kind: string;
  readonly title: string;
  /** '' when it concerns no release. */
  readonly release: string;
}
