/** From a journal entry to the rows of every table. Pure, and the same on every retry. */
import type { Context } from '@outcry/protocol';
import { reportId } from '@outcry/protocol/open';
import {
  ATTEMPT_CONTEXT,
  CONSENT_CONTEXT,
  DELIVERY_CONTEXT,
  LOSS_CONTEXT,
  type ArrivalColumns,
  type PlaceColumns,
  type RowOfTable,
  type RowTable,
  type TimeTrust,
} from '@outcry/storage';
import type { JournalEntry } from './journal/entry.js';

const RECEIVED_GRAIN_S = 10;
const ATTEMPT_BIN_S = 300;
/** A corrected time further ahead of its arrival than this is a clock that cannot be believed. */
const MAX_AHEAD_S = 300;
/** A corrected time older than this could not have been queued that long. */
const MAX_LATE_S = 8 * 86_400;

export type TableRows = { readonly [T in RowTable]: RowOfTable[T][] };

export function noRows(): TableRows {
  return { reports: [], dev_reports: [], attempts: [], deliveries: [], losses: [], consent_counts: [] };
}

/**
 * Where an event stands in time: the device's time, that time corrected by the known offset of its clock, or, when the
 * result is more than 5 minutes ahead of the arrival or more than 8 days before it, the arrival.
 *
 * @param deviceTimeS - seconds since the epoch by the device's clock.
 * @param offsetS - seconds to add to it, 0 when the clock is right, null when nothing is known.
 * @param grainS - the result is rounded to a multiple of this.
 */
export function eventTime(
  deviceTimeS: number,
  offsetS: number | null,
  receivedAtS: number,
  grainS: number,
): { eventTimeS: number; trust: TimeTrust } {
  const corrected = Math.round((deviceTimeS + (offsetS ?? 0)) / grainS) * grainS;
  if (corrected > receivedAtS + MAX_AHEAD_S || corrected < receivedAtS - MAX_LATE_S) return { eventTimeS: receivedAtS, trust: 'arrival' };
  return { eventTimeS: corrected, trust: offsetS === null || offsetS === 0 ? 'device' : 'corrected' };
}

function pick<const N extends keyof Context>(context: Context, names: readonly N[]): Pick<Context, N> {
  const picked: Partial<Record<N, unknown>> = {};
  for (const name of names) picked[name] = context[name];
  return picked as Pick<Context, N>;
}

/**
 * Adds the rows of one entry to `rows`. Of a development project only failures become rows, in `dev_reports`.
 *
 * @param collector - name of this collector.
 */
export function addRows(rows: TableRows, entry: JournalEntry, collector: string): void {
  const { body, dedup, network, country, offsetS } = entry;
  const { context } = body;
  const receivedAtS = Math.floor(entry.receivedAtS / RECEIVED_GRAIN_S) * RECEIVED_GRAIN_S;
  const signer = entry.signer.toString();
  const arrival: ArrivalColumns = { received_at: receivedAtS, collector, sealed_day: entry.sealedDay };
  const id = (section: 3 | 4 | 5 | 6 | 7, index: number): string => reportId(dedup, section, index).toString();
  const place = (timeS: number, grainS: number, ppm: number): PlaceColumns => {
    const { eventTimeS, trust } = eventTime(timeS, offsetS, receivedAtS, grainS);
    return {
      event_time: eventTimeS,
      time_trust: trust,
      network,
      country,
      lateness_s: Math.max(0, receivedAtS - eventTimeS),
      signer,
      weight: 1_000_000 / ppm,
    };
  };

  const reports = entry.development ? rows.dev_reports : rows.reports;
  body.failures.forEach((failure, index) => {
    const at = place(failure.occurred_at, RECEIVED_GRAIN_S, failure.sampling_ppm);
    reports.push({ ...context, ...failure, ...arrival, ...at, report_id: id(3, index) });
  });
  if (entry.development) return;
  body.attempts.forEach((attempts, index) => {
    const at = place(attempts.bin_start, ATTEMPT_BIN_S, attempts.panel_ppm);
    rows.attempts.push({ ...pick(context, ATTEMPT_CONTEXT), ...attempts, ...arrival, ...at, attempt_id: id(4, index) });
  });
  body.deliveries.forEach(({ collector: deliveredTo, ...delivery }, index) => {
    const where = { ...arrival, network, country, signer, delivery_id: id(5, index) };
    rows.deliveries.push({ ...pick(context, DELIVERY_CONTEXT), ...delivery, delivered_to: deliveredTo, ...where });
  });
  body.losses.forEach((loss, index) => {
    rows.losses.push({ ...pick(context, LOSS_CONTEXT), ...loss, ...arrival, loss_id: id(6, index) });
  });
  body.consents.forEach((consent, index) => {
    rows.consent_counts.push({ ...pick(context, CONSENT_CONTEXT), ...consent, ...arrival, consent_id: id(7, index) });
  });
}
