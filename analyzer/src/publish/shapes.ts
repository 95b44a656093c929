/** What goes into `publish()`, unsuppressed, and what comes out. The names of output fields are those of the API. */
import type { SpikePhase } from '@outcry/storage';
import type { Verdict, VerdictName, VerdictNumbers } from '../pair/verdict.js';
import type { Extrapolation, PublishedAllUsers, RawAllUsers } from './all-users.js';
import type { PublishedCount } from './count.js';
import type { PublishedSlo, RawSlo } from './slo.js';
import type { Cell } from './suppress.js';
import type { GridSize } from './windows.js';

export type * from './all-users.js';
export type * from './slo.js';

/** Dimensions that can single out a client. */
export const IDENTIFYING = ['network', 'country', 'release', 'runtime', 'os', 'route'] as const;
export type Dimension = (typeof IDENTIFYING)[number];
export interface Policy {
  /** Least distinct signers of one UTC day in an identifying cell. */
  readonly k: number;
}

/** A count of failing clients by project, host and kind alone. */
export interface RawCount {
  readonly shape: 'count';
  readonly clients: number;
  /** How long they were counted. */
  readonly spanMs: number;
}

export interface RawSeries {
  readonly shape: 'series';
  readonly binMs: number;
  readonly bins: readonly {
    readonly startMs: number;
    readonly clients: number | null;
    readonly arrivals: number | null;
    readonly expected: number;
    readonly low: number;
    readonly high: number;
    readonly completeness: number;
    readonly learning: boolean;
  }[];
}
export interface PublishedSeries {
  readonly bins: readonly {
    readonly start: string;
    readonly clients: number | null;
    readonly clients_text: string;
    readonly arrived: number | null;
    readonly arrived_text: string;
    readonly expected: number;
    readonly low: number;
    readonly high: number;
    readonly completeness: number;
    readonly learning: boolean;
  }[];
}

export interface RawBreakdown {
  readonly shape: 'breakdown';
  readonly window: { readonly size: GridSize; readonly startMs: number; readonly endMs: number };
  readonly before: { readonly startMs: number; readonly endMs: number };
  /** All dimensions at once, since one can give away another. */
  readonly dimensions: readonly { readonly name: Dimension; readonly inside: readonly Cell[]; readonly before: readonly Cell[] }[];
}
export interface PublishedShare {
  readonly share: number;
  readonly low: number;
  readonly high: number;
  readonly sample: number;
}
export interface PublishedRow {
  /** Null for the hidden cells together. */
  readonly value: string | null;
  readonly clients: number | null;
  readonly clients_text: string;
  readonly share: PublishedShare | null;
  readonly before: number | null;
  readonly before_text: string;
  readonly before_share: PublishedShare | null;
}
export interface PublishedBreakdown {
  readonly window: { readonly size: GridSize; readonly start: string; readonly end: string };
  readonly before: { readonly start: string; readonly end: string };
  readonly k: number;
  readonly dimensions: readonly {
    readonly name: Dimension;
    readonly rows: readonly PublishedRow[];
    /** Null where there are some, but too few clients in them to say how many. */
    readonly hidden_cells: number | null;
    readonly total: number | null;
  }[];
}

/** One place that the analyzer holds for a cause, with the most clients of one UTC day in one grid window. */
export interface RawPlace {
  readonly where: Readonly<Partial<Record<Dimension, string>>>;
  readonly explained: number;
  /** By the dimensions kept, joined by `+`, for example `network+release`, `network`, `country`: clients of the place named so far. */
  readonly clientsBy: Readonly<Record<string, number>>;
}

export interface FailureCost {
  /** In units of the currency, 0 or more. */
  readonly perFailedRequest: number;
  /** For example `EUR`. */
  readonly currency: string;
}

export interface RawSpike {
  readonly shape: 'spike';
  readonly id: string;
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly type: string | null;
  readonly state: 'open' | 'closed' | 'merged';
  readonly phase: SpikePhase;
  readonly startedMs: number;
  /** When the failures ended; null while they last. A spike is closed some quiet time after. */
  readonly endedMs: number | null;
  readonly foundMs: number;
  /** How often it came back after it had been closed. */
  readonly reopened: number;
  readonly mergedInto: string | null;
  readonly failingClients: number;
  /** What was to be expected at the place (of everywhere, when there is not one place), and of the whole host and kind. */
  readonly expectedClients: number;
  readonly expectedWhole: number;
  /** Clients of host and kind that failed because of it, with the 95 % interval; null where it was not measured. */
  readonly affected: { readonly low: number; readonly high: number } | null;
  /** Whose series it was found in: peak and p-value are of that series, which inside a network is an identifying cell. */
  readonly foundIn: 'host' | 'network';
  readonly peakClients: number;
  readonly failedRequests: number;
  /** Those that failed because of it; undefined where that is not known. */
  readonly lostRequests?: number | undefined;
  readonly pValue: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly places: readonly RawPlace[];
  readonly placeReason: string;
  readonly unexplained: number;
  readonly networksFailing: number;
  readonly verdict: Verdict;
  /** How the whole host stands to its objective; null where there is none, or nobody tells of requests. */
  readonly slo: Omit<RawSlo, 'shape'> | null;
  readonly severity: 'page' | 'notice';
  readonly allUsers: Extrapolation;
  readonly cost?: FailureCost | undefined;
}
export interface PublishedPlace {
  readonly where: Readonly<Partial<Record<Dimension, string>>>;
  readonly clients: number | null;
  readonly clients_text: string;
  /** Share of the excess, in steps of at least five clients; null where the place is named more coarsely than it is known. */
  readonly explained: number | null;
}
export interface PublishedSpike {
  readonly id: string;
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly type: string | null;
  readonly network: string | null;
  readonly country: string | null;
  readonly release: string | null;
  readonly places: readonly PublishedPlace[];
  /** Why there is no place, or no finer one; null when the finest one is named. */
  readonly place_note: string | null;
  /** `open` until it was quiet for long enough; `merged` where another spike tells it. */
  readonly state: 'open' | 'closed' | 'merged';
  /** The same, and while it is open whether it is `growing`, `recovering`, `reopened` lately, or `open` (steady). */
  readonly phase: SpikePhase;
  readonly started_at: string;
  /** When its failures ended; null while it is open. */
  readonly ended_at: string | null;
  /** Since when an open spike has been quiet; null while it fails, and once it is closed. */
  readonly quiet_since: string | null;
  readonly found_at: string;
  /** How often it came back after it had been closed. */
  readonly reopened: number;
  /** Id of the spike that tells it; null unless `merged`. */
  readonly merged_into: string | null;
  readonly failing_clients: number | null;
  readonly failing_clients_text: string;
  readonly expected_clients: number;
  /** 95 % interval of the opted-in clients of host and kind that failed because of it, usual failures taken off and late reports added; null below 5 failing ones. */
  readonly affected_clients: { readonly low: number; readonly high: number } | null;
  /** An extrapolation of the failing clients of host and kind to all users. */
  readonly all_users: PublishedAllUsers;
  readonly peak_clients: number | null;
  readonly peak_clients_text: string;
  readonly failed_requests_text: string;
  /** What those requests cost, of opted-in clients alone; null where no cost is configured or they are too few to say. */
  readonly estimated_loss_text: string | null;
  /** Null where it was found inside one network: with the expected number it would tell an exact one. */
  readonly p_value: number | null;
  readonly failing_by_kind: Readonly<Record<string, number | null>>;
  readonly failing_by_kind_text: Readonly<Record<string, string>>;
  /** `page`: somebody should get up; `notice`: look at it in the morning. */
  readonly severity: 'page' | 'notice';
  /** How clients of the whole host stand to its objective; null without one. */
  readonly slo: PublishedSlo | null;
  readonly verdict: VerdictName;
  readonly uncorroborated: boolean;
  readonly verdict_detail: {
    /** Whether it rests on probers, where the server itself tells nothing. */
    readonly by_probers: boolean;
    readonly because: readonly string[];
    readonly numbers: Omit<VerdictNumbers, 'failing_clients'> & { readonly failing_clients: number | null };
    readonly would_change: readonly string[];
    readonly runbook: string;
  };
}

/** What browsers report by themselves, at least so many of each type. */
export interface RawNel {
  readonly shape: 'nel';
  readonly network: string | null;
  /** Browsers that reported a type which does not hide its cause. */
  readonly clients: number;
  readonly types: readonly { readonly type: string; readonly clients: number; readonly masks: boolean }[];
}
export interface PublishedNel {
  /** The network that these numbers are of; null for the whole host. */
  readonly network: string | null;
  readonly clients: number | null;
  readonly clients_text: string;
  /** Types that do not hide their cause, of k browsers or more; `share` is of the browsers, in steps of 5 %. */
  readonly types: readonly {
    readonly type: string;
    readonly clients: number | null;
    readonly clients_text: string;
    readonly share: number | null;
  }[];
  /** Whether there are further types of too few browsers. */
  readonly others: boolean;
  /** Browsers that reported types which hide the cause; null for none. */
  readonly masked_text: string | null;
}

/** Reports of a development project, which only its developers send; shown one by one. */
export interface RawLive {
  readonly shape: 'live';
  readonly stage: 'production' | 'development';
  readonly reports: readonly LiveReport[];
}
export interface LiveReport {
  readonly receivedMs: number;
  readonly occurredMs: number;
  readonly host: string;
  readonly method: string;
  readonly resource: string;
  readonly type: string;
  readonly kind: string;
  readonly phase: string;
  readonly confidencePct: number;
  readonly elapsedMs: number;
  readonly statusCode: number;
  readonly count: number;
  readonly collector: string;
  readonly source: string;
  readonly release: string;
}

declare const passed: unique symbol;
/** A value that came out of `publish()`; pages and answers take nothing else. */
export type Published<T> = T & { readonly [passed]?: true };
export interface PublishedOf {
  readonly count: PublishedCount;
  readonly series: PublishedSeries;
  readonly breakdown: PublishedBreakdown;
  readonly spike: PublishedSpike;
  readonly nel: PublishedNel;
  readonly slo: PublishedSlo;
  readonly all_users: PublishedAllUsers;
  readonly live: { readonly reports: readonly LiveReport[] };
}
export type Raw = RawCount | RawSeries | RawBreakdown | RawSpike | RawNel | RawSlo | RawAllUsers | RawLive;
