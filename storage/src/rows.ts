/**
 * The rows that a collector writes: what the agent sent (by the field tables of the protocol) and what the collector adds.
 *
 * Times are whole seconds since the epoch (UTC), as on the wire. 64-bit ids cross JSON as decimal strings. A `null` text is stored as ''.
 */
import type { Attempts, Consent, Context, Delivery, Failure, Loss } from '@outcry/protocol';

/** Whose clock `event_time` rests on: the device's as it was, the device's after correction, or ours at arrival. */
export const TIME_TRUSTS = ['device', 'corrected', 'arrival'] as const;
export type TimeTrust = (typeof TIME_TRUSTS)[number];

/**
 * How a failing client stood among those of its address prefix (/24, /48), at the collector that wrote the row. `first`: the first of the
 * prefix to fail in the project for an hour. `few`: one of three that fail at the host within ten minutes. `many`: one beyond these. '' where it is
 * not known: private addresses, browsers' own reports, rows of before.
 */
export const CROWDS = ['first', 'few', 'many'] as const;
export type Crowd = (typeof CROWDS)[number] | '';

/** What the collector adds to every row. */
export interface ArrivalColumns {
  /** When the envelope arrived, floored to 10 s. */
  readonly received_at: number;
  /** The name of the collector that wrote the row. */
  readonly collector: string;
  /** UTC day number of sealing, from the envelope id: equal in every copy of an envelope, hence the partition. */
  readonly sealed_day: number;
}

/** What the collector adds to rows that are placed in time and in a network. */
export interface PlaceColumns {
  /** Corrected `occurred_at` (of attempts: `bin_start`), or `received_at` where the device's clock cannot be believed. */
  readonly event_time: number;
  readonly time_trust: TimeTrust;
  /** `AS3320/DE`, `small/DE` or `unknown/ZZ`: the network at delivery. */
  readonly network: string;
  /** ISO 3166-1 alpha-2, or `ZZ`. */
  readonly country: string;
  /** Seconds from `event_time` to `received_at`, 0 or more. */
  readonly lateness_s: number;
  /** First 8 bytes of SHA-256(UTC day ‖ signer key), decimal. */
  readonly signer: string;
  /** How many clients this row stands for: 1 ÷ sampling fraction (of attempts: 1 ÷ panel fraction). */
  readonly weight: number;
}

/** One failed request, or several identical ones folded into one (`count`); tables `reports` and `dev_reports`. */
export type ReportRow = Context & Failure & ArrivalColumns & PlaceColumns & { readonly crowd: Crowd; readonly report_id: string };

/** Requests to one host in one 5-minute bin of one device; table `attempts`. */
export type AttemptRow = Pick<Context, (typeof ATTEMPT_CONTEXT)[number]> &
  Attempts &
  ArrivalColumns &
  PlaceColumns & { readonly attempt_id: string };

/** Path evidence: which collectors failed before one took an envelope; table `deliveries`. The field `collector` is the column `delivered_to`. */
export type DeliveryRow = Pick<Context, (typeof DELIVERY_CONTEXT)[number]> &
  Omit<Delivery, 'collector'> & { readonly delivered_to: string } & ArrivalColumns &
  Pick<PlaceColumns, 'network' | 'country' | 'signer'> & { readonly delivery_id: string };

/** What one agent dropped and why; table `losses`. */
export type LossRow = Pick<Context, (typeof LOSS_CONTEXT)[number]> & Loss & ArrivalColumns & { readonly loss_id: string };

/** A consent given on one device, without network or signer; table `consent_counts`. */
export type ConsentRow = Pick<Context, (typeof CONSENT_CONTEXT)[number]> & Consent & ArrivalColumns & { readonly consent_id: string };

/** Fields of the envelope's context that a table keeps; `reports` keeps all. */
export const ATTEMPT_CONTEXT = ['source', 'project', 'release', 'runtime', 'runtime_major', 'os'] as const;
export const DELIVERY_CONTEXT = ['source', 'project', 'release'] as const;
export const LOSS_CONTEXT = ['source', 'project', 'release', 'runtime', 'sdk_version'] as const;
export const CONSENT_CONTEXT = ['source', 'project', 'release'] as const;

/** The tables that a collector writes, and their rows. */
export interface RowOfTable {
  readonly reports: ReportRow;
  readonly dev_reports: ReportRow;
  readonly attempts: AttemptRow;
  readonly deliveries: DeliveryRow;
  readonly losses: LossRow;
  readonly consent_counts: ConsentRow;
}
export type RowTable = keyof RowOfTable;
