/** What `pair` reads and says. */

/** The reading of clients and servers together; docs/runbooks/ has a page for each. */
export const VERDICTS = ['outside', 'inside', 'release', 'local', 'undetermined'] as const;
export type VerdictName = (typeof VERDICTS)[number];

/** The clients' side. */
export interface SpikeEvidence {
  readonly kind: string;
  /** The most frequent failure type, for example `tls.cert.date_invalid`; null when unknown. */
  readonly type?: string | null;
  /** Where it lies; all null (or absent) when everywhere. */
  readonly place: { readonly network?: string | null; readonly country?: string | null; readonly release?: string | null };
  /** Which part of the host's clients is in the place, failing or not, above 0 to 1: by it the size of a dip is judged. */
  readonly share?: number;
  /** Networks with clients failing beyond the expected. */
  readonly networksFailing: number;
  readonly failingClients: number;
  readonly expectedClients: number;
  readonly offline?: Offline;
  /** Browsers that reported failures there by themselves, now and in a stretch of equal length before. */
  readonly nel?: { readonly now: number; readonly baseline: number };
  /** Probers outside of the place's network that the operator has named. */
  readonly probers?: Probers;
  /** Those outside of it that merely sign as probers. */
  readonly signedProbers?: SignedProbers;
  /** The denominators of the same place: requests made and failed, now and before. */
  readonly attempts?: {
    readonly made: number;
    readonly failed: number;
    readonly baselineMade: number;
    readonly baselineFailed: number;
  } | null;
  /** Deploys of the half hour before the start, newest first. */
  readonly deploys?: readonly Deploy[];
  /** Deliveries of the same place to the collectors, and those that failed at another collector first, now and before. */
  readonly path?: { readonly told: number; readonly failed: number; readonly baselineTold: number; readonly baselineFailed: number } | null;
}

/** Clients of the same place that report a dead uplink of their own (`offline`). */
export interface Offline {
  /** Different ones in the time of the spike, and on average in a stretch of equal length before. */
  readonly now: number;
  readonly baseline: number;
  /** How many stretches that is the average of: the more, the surer; default 1. */
  readonly stretches?: number;
  /** Clients of the place that report the failure, counted in the same way; default `failingClients`. */
  readonly failing?: number;
}

/** Machines that ask for the host from elsewhere: how many were heard, and how many of them failed, now and before. */
export interface Probers {
  readonly now: number;
  readonly failing: number;
  readonly baseline: number;
  readonly baselineFailing: number;
}

/** Probers that anybody can make up. */
export interface SignedProbers extends Probers {
  /** How many of those that fail are left without what three address prefixes can make up. */
  readonly beyondForged: number;
}

/** Something people did before the failures began. */
export interface Deploy {
  readonly minutesBefore: number;
  /** '' when it names none. */
  readonly release: string;
}

export interface NowAndBefore {
  readonly now: number;
  readonly baseline: number;
}

export interface RequestCounts {
  /** Requests that the server answered, and those of them that it answered with an error of its own (5xx). */
  readonly requests: number;
  readonly errors: number;
  /** Length of the window that was counted, s; 0 when unknown. */
  readonly seconds: number;
}

export interface DipWindows {
  readonly now: RequestCounts;
  readonly baseline: RequestCounts;
  /** What would be left of the rate of the baseline if it went on falling as it did, above 0 to 1; default 1. */
  readonly goingOn?: number;
}

/** The servers' side; null where nothing is to be measured. `fresh` is false when the last sample is older than the spike allows, or there is none. */
export interface ServerEvidence {
  readonly now: RequestCounts;
  readonly baseline: RequestCounts;
  readonly fresh: boolean;
  /** Shorter windows in which a dip is looked for, since over hours the day itself falls; default `now` and `baseline`. */
  readonly dip?: DipWindows;
  /** How much the request rate usually wanders between windows of this length, as a share; default 0.1. */
  readonly levelSd?: number;
  /** How long the server takes by its own measure, s. */
  readonly latencyS?: NowAndBefore;
  /** How full the server is by its own measure, 0..1. */
  readonly saturation?: NowAndBefore;
}

export interface VerdictNumbers {
  readonly failing_clients: number;
  readonly expected_clients: number;
  readonly server_error_share: number | null;
  readonly server_error_share_before: number | null;
  readonly server_requests_per_s: number | null;
  readonly server_requests_per_s_before: number | null;
  /** Share of requests missing against before, 0..1; null without metrics. */
  readonly request_dip: number | null;
  readonly request_dip_p_value: number | null;
  /** The largest share that the clients of the place can take away, 0..1; null where their share of all is not known. */
  readonly request_dip_most: number | null;
  readonly error_rise_p_value: number | null;
  readonly attempts_failed_share: number | null;
  readonly attempts_failed_share_before: number | null;
  readonly server_latency_s: number | null;
  readonly server_latency_s_before: number | null;
  readonly server_saturation: number | null;
  readonly server_saturation_before: number | null;
  /** Since the last deploy before the start; null without one in the half hour before. */
  readonly minutes_since_deploy: number | null;
  /** Share of deliveries that had failed at another collector first. */
  readonly collectors_missed_share: number | null;
  readonly collectors_missed_share_before: number | null;
  /** Probers outside of the place's network, and those that fail; null without any. */
  readonly probers: number | null;
  readonly probers_failing: number | null;
  readonly probers_before: number | null;
  readonly probers_failing_before: number | null;
}

export interface Verdict {
  readonly verdict: VerdictName;
  /** A spike of one network that nothing from outside of it supports. */
  readonly uncorroborated: boolean;
  /** Whether it rests on probers, where the server itself tells nothing. */
  readonly byProbers: boolean;
  /** The reasons, each a whole sentence without identifying values. */
  readonly because: readonly string[];
  readonly numbers: VerdictNumbers;
  /** Evidence that would change the verdict, each a whole sentence. */
  readonly wouldChange: readonly string[];
  /** Page of the next step, under docs/. */
  readonly runbook: string;
}
