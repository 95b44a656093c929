/** From a journal entry to the rows of every table. Pure, and the same on every retry. */
import { ATTEMPT_FIELDS, CONSENT_FIELDS, CONTEXT_FIELDS, DELIVERY_FIELDS, FAILURE_FIELDS, LOSS_FIELDS, type Field } from '@outcry/protocol';
import { reportId } from '@outcry/protocol/open';
import {
  ATTEMPT_CONTEXT,
  CONSENT_CONTEXT,
  DELIVERY_CONTEXT,
  LOSS_CONTEXT,
  type AttemptRow,
  type ConsentRow,
  type DeliveryRow,
  type LossRow,
  type ReportRow,
  type RowOfTable,
  type RowTable,
  type TimeTrust,
} from '@outcry/storage';
import type { StoredEntry, Values } from './journal/entry.js';

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

const namesOf = (fields: readonly Field[]): readonly string[] => fields.map(({ name }) => name);
const CONTEXT = namesOf(CONTEXT_FIELDS);
const FAILURE = namesOf(FAILURE_FIELDS);
const ATTEMPTS = namesOf(ATTEMPT_FIELDS);
/** A delivery's `collector` is another one than ours, which has the column of that name. */
const DELIVERY = namesOf(DELIVERY_FIELDS).map((name) => (name === 'collector' ? 'delivered_to' : name));
const LOSS = namesOf(LOSS_FIELDS);
const CONSENT = namesOf(CONSENT_FIELDS);

type Row = Record<string, unknown>;

const ARRIVAL_NAMES = ['received_at', 'collector', 'sealed_day'];
const WHERE_NAMES = ['network', 'country', 'signer'];
const PLACE_NAMES = [...WHERE_NAMES, 'event_time', 'time_trust', 'lateness_s', 'weight'];
/** A row with every column of its table, to be copied: setting what is there costs V8 a third of adding it. */
const blank = (...names: (readonly string[])[]): Row =>
  JSON.parse(JSON.stringify(Object.fromEntries(names.flat().map((name) => [name, null])))) as Row;

/** Sets names to values. A loop, since spreading several objects into one costs forty times as much in V8. */
function set(row: Row, names: readonly string[], values: Values): void {
  for (let index = 0; index < names.length; index += 1) row[names[index] ?? ''] = values[index];
}

const BLANK_REPORT = blank(CONTEXT, FAILURE, ARRIVAL_NAMES, PLACE_NAMES, ['report_id']);
const BLANK_ATTEMPT = blank(ATTEMPT_CONTEXT, ATTEMPTS, ARRIVAL_NAMES, PLACE_NAMES, ['attempt_id']);
const BLANK_DELIVERY = blank(DELIVERY_CONTEXT, DELIVERY, ARRIVAL_NAMES, WHERE_NAMES, ['delivery_id']);
const BLANK_LOSS = blank(LOSS_CONTEXT, LOSS, ARRIVAL_NAMES, ['loss_id']);
const BLANK_CONSENT = blank(CONSENT_CONTEXT, CONSENT, ARRIVAL_NAMES, ['consent_id']);
/** Where the values of these names stand in a record. */
const indexesOf = (names: readonly string[], all: readonly string[]): readonly number[] => names.map((name) => all.indexOf(name));
const indexOf = (name: string, fields: readonly Field[]): number => fields.findIndex((field) => field.name === name);
const OCCURRED_AT = indexOf('occurred_at', FAILURE_FIELDS);
const SAMPLING = indexOf('sampling_ppm', FAILURE_FIELDS);
const BIN_START = indexOf('bin_start', ATTEMPT_FIELDS);
const PANEL = indexOf('panel_ppm', ATTEMPT_FIELDS);
const PARTS_OF_CONTEXT = {
  attempts: indexesOf(ATTEMPT_CONTEXT, CONTEXT),
  deliveries: indexesOf(DELIVERY_CONTEXT, CONTEXT),
  losses: indexesOf(LOSS_CONTEXT, CONTEXT),
  consents: indexesOf(CONSENT_CONTEXT, CONTEXT),
};

/**
 * Adds the rows of one entry to `rows`. Of a development project only failures become rows, in `dev_reports`.
 *
 * @param collector - name of this collector.
 */
export function addRows(rows: TableRows, entry: StoredEntry, collector: string): void {
  const { dedup, network, country, offsetS, context } = entry;
  const receivedAtS = Math.floor(entry.receivedAtS / RECEIVED_GRAIN_S) * RECEIVED_GRAIN_S;
  const signer = entry.signer.toString();
  const id = (section: 3 | 4 | 5 | 6 | 7, index: number): string => reportId(dedup, section, index).toString();

  /** A row with what the agent sent and the columns of the arrival. The tables' types say what each has to have. */
  const start = (empty: Row, contextNames: readonly string[], contextValues: Values, names: readonly string[], values: Values): Row => {
    const row = { ...empty };
    set(row, contextNames, contextValues);
    set(row, names, values);
    row['received_at'] = receivedAtS;
    row['collector'] = collector;
    row['sealed_day'] = entry.sealedDay;
    return row;
  };
  const part = (of: keyof typeof PARTS_OF_CONTEXT): Values => PARTS_OF_CONTEXT[of].map((index) => context[index]);
  const where = (row: Row): void => {
    row['network'] = network;
    row['country'] = country;
    row['signer'] = signer;
  };
  const place = (row: Row, timeS: unknown, grainS: number, ppm: unknown): void => {
    const { eventTimeS, trust } = eventTime(Number(timeS), offsetS, receivedAtS, grainS);
    where(row);
    row['event_time'] = eventTimeS;
    row['time_trust'] = trust;
    row['lateness_s'] = Math.max(0, receivedAtS - eventTimeS);
    row['weight'] = 1_000_000 / Number(ppm);
  };

  const reports = entry.development ? rows.dev_reports : rows.reports;
  entry.failures.forEach((failure, index) => {
    const row = start(BLANK_REPORT, CONTEXT, context, FAILURE, failure);
    place(row, failure[OCCURRED_AT], RECEIVED_GRAIN_S, failure[SAMPLING]);
    row['report_id'] = id(3, index);
    reports.push(row as unknown as ReportRow);
  });
  if (entry.development) return;
  entry.attempts.forEach((attempts, index) => {
    const row = start(BLANK_ATTEMPT, ATTEMPT_CONTEXT, part('attempts'), ATTEMPTS, attempts);
    place(row, attempts[BIN_START], ATTEMPT_BIN_S, attempts[PANEL]);
    row['attempt_id'] = id(4, index);
    rows.attempts.push(row as unknown as AttemptRow);
  });
  entry.deliveries.forEach((delivery, index) => {
    const row = start(BLANK_DELIVERY, DELIVERY_CONTEXT, part('deliveries'), DELIVERY, delivery);
    where(row);
    row['delivery_id'] = id(5, index);
    rows.deliveries.push(row as unknown as DeliveryRow);
  });
  entry.losses.forEach((loss, index) => {
    const row = start(BLANK_LOSS, LOSS_CONTEXT, part('losses'), LOSS, loss);
    row['loss_id'] = id(6, index);
    rows.losses.push(row as unknown as LossRow);
  });
  entry.consents.forEach((consent, index) => {
    const row = start(BLANK_CONSENT, CONSENT_CONTEXT, part('consents'), CONSENT, consent);
    row['consent_id'] = id(7, index);
    rows.consent_counts.push(row as unknown as ConsentRow);
  });
}
