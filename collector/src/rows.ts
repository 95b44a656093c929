/** From a journal entry to the rows of every table. Pure, and the same on every retry. */
import { ATTEMPT_FIELDS, CONSENT_FIELDS, CONTEXT_FIELDS, DELIVERY_FIELDS, FAILURE_FIELDS, LOSS_FIELDS, type Field } from '@outcry/protocol';
import { reportId } from '@outcry/protocol/open';
import { ATTEMPT_CONTEXT, CONSENT_CONTEXT, DELIVERY_CONTEXT, LOSS_CONTEXT, type RowTable, type TimeTrust } from '@outcry/storage';
import type { JournalEntry } from './journal/entry.js';
import { RowText } from './row-text.js';
import { BodyReader, recordWriter, type PutRecord } from './transcode.js';

const RECEIVED_GRAIN_S = 10;
const ATTEMPT_BIN_S = 300;
/** A corrected time further ahead of its arrival than this is a clock that cannot be believed. */
const MAX_AHEAD_S = 300;
/** A corrected time older than this could not have been queued that long. */
const MAX_LATE_S = 8 * 86_400;
const WHOLE_PPM = 1_000_000;

export interface TableRows {
  readonly tables: Readonly<Record<RowTable, RowText>>;
  /** Of each row of `reports`: seconds from the failure to its arrival. */
  readonly latenessS: number[];
}

export function noRows(): TableRows {
  return {
    tables: {
      reports: new RowText(),
      dev_reports: new RowText(),
      attempts: new RowText(),
      deliveries: new RowText(),
      losses: new RowText(),
      consent_counts: new RowText(),
    },
    latenessS: [],
  };
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
const placeOf = (name: string, fields: readonly Field[]): number => fields.findIndex((field) => field.name === name);
const ARRIVAL = ['received_at', 'collector', 'sealed_day'];
const WHERE = ['network', 'country', 'signer'];
/** Place of the failures in a body; only they say how their signer stood in its prefix. */
const FAILURE_SECTION = 3;
const TIME = ['event_time', 'time_trust', 'lateness_s', 'weight'];

/** How the records of one section become rows: first what all rows of an entry share, then the record, then what is this row's alone. */
interface Section {
  readonly number: 3 | 4 | 5 | 6 | 7;
  readonly columns: readonly string[];
  /** Places of the context's fields that the table keeps. */
  readonly context: readonly number[];
  readonly hasPlace: boolean;
  /** Grain of the event's time; undefined for records that are not placed in time. */
  readonly grainS: number | undefined;
  readonly put: PutRecord;
}

function section(
  number: Section['number'],
  id: string,
  context: readonly string[],
  fields: readonly Field[],
  hasPlace: boolean,
  time?: { readonly field: string; readonly ppm: string; readonly grainS: number },
): Section {
  // A delivery's `collector` is another one than ours, which has the column of that name.
  const own = namesOf(fields).map((name) => (name === 'collector' ? 'delivered_to' : name));
  return {
    number,
    columns: [
      ...context,
      ...ARRIVAL,
      ...(hasPlace ? WHERE : []),
      ...(number === FAILURE_SECTION ? ['crowd'] : []),
      ...own,
      ...(time === undefined ? [] : TIME),
      id,
    ],
    context: context.map((name) => placeOf(name, CONTEXT_FIELDS)),
    hasPlace,
    grainS: time?.grainS,
    put: recordWriter(fields, time === undefined ? [] : [placeOf(time.field, fields), placeOf(time.ppm, fields)]),
  };
}

const FAILURES = section(FAILURE_SECTION, 'report_id', namesOf(CONTEXT_FIELDS), FAILURE_FIELDS, true, {
  field: 'occurred_at',
  ppm: 'sampling_ppm',
  grainS: RECEIVED_GRAIN_S,
});
const ATTEMPTS = section(4, 'attempt_id', ATTEMPT_CONTEXT, ATTEMPT_FIELDS, true, {
  field: 'bin_start',
  ppm: 'panel_ppm',
  grainS: ATTEMPT_BIN_S,
});
const DELIVERIES = section(5, 'delivery_id', DELIVERY_CONTEXT, DELIVERY_FIELDS, true);
const LOSSES = section(6, 'loss_id', LOSS_CONTEXT, LOSS_FIELDS, false);
const CONSENTS = section(7, 'consent_id', CONSENT_CONTEXT, CONSENT_FIELDS, false);
const putContext = recordWriter(CONTEXT_FIELDS);
/** Holds one entry's context while its rows are written. */
const contextText = new RowText(1024);

const columnsOf = ({ columns }: Section): readonly [string, ...string[]] => columns as [string, ...string[]];
/** The columns of each table's rows, in the order of their values. */
export const ROW_COLUMNS: Readonly<Record<RowTable, readonly [string, ...string[]]>> = {
  reports: columnsOf(FAILURES),
  dev_reports: columnsOf(FAILURES),
  attempts: columnsOf(ATTEMPTS),
  deliveries: columnsOf(DELIVERIES),
  losses: columnsOf(LOSSES),
  consent_counts: columnsOf(CONSENTS),
};

/** More than the texts of all choices, numbers and added columns of a row take. */
const ROW_ROOM = 4096;

/** An entry whose body has been read up to the first section. */
interface Opened {
  readonly entry: JournalEntry;
  readonly from: BodyReader;
  readonly receivedAtS: number;
  readonly context: readonly string[];
  /** Texts of the columns of `ARRIVAL` and `WHERE`. */
  readonly arrival: string;
  readonly where: string;
  /** Time and ppm of the record read last. */
  readonly found: number[];
  readonly latenessS: number[] | undefined;
}

function addSection(to: RowText, { number, context: places, hasPlace, grainS, put }: Section, opened: Opened): void {
  const { entry, from, context, arrival, where, found } = opened;
  const count = from.array();
  if (count === 0) return;
  let shared = '';
  for (const place of places) shared += `${context[place] ?? ''}\t`;
  shared += hasPlace ? arrival + where : arrival;
  if (number === FAILURE_SECTION) shared += `${entry.crowd}\t`;
  const sharedAt = to.position;
  for (let index = 0; index < count; index += 1) {
    to.reserve(shared.length + entry.body.length + ROW_ROOM);
    if (index === 0) to.ascii(shared);
    else to.repeat(sharedAt, sharedAt + shared.length);
    put(from, to, found);
    if (grainS !== undefined) addTime(to, opened, grainS, number);
    to.ascii(reportId(entry.dedup, number, index).toString());
    to.endRow();
  }
}

function addTime(to: RowText, { entry, receivedAtS, found, latenessS }: Opened, grainS: number, section: Section['number']): void {
  const [timeS = 0, ppm = WHOLE_PPM] = found;
  const { eventTimeS, trust } = eventTime(timeS, entry.offsetS, receivedAtS, grainS);
  const lateness = Math.max(0, receivedAtS - eventTimeS);
  to.uint(eventTimeS);
  to.endValue();
  to.ascii(trust);
  to.endValue();
  to.uint(lateness);
  to.endValue();
  to.ascii(ppm === WHOLE_PPM ? '1' : String(WHOLE_PPM / ppm));
  to.endValue();
  if (section === FAILURE_SECTION) latenessS?.push(lateness);
}

/**
 * Adds the rows of one entry to `rows`. Of a development project only failures become rows, in `dev_reports`.
 *
 * @param collector - name of this collector.
 * Throws when the entry's body is damaged; rows of it may have been added then, see `cutRows`.
 */
export function addRows({ tables, latenessS }: TableRows, entry: JournalEntry, collector: string): void {
  const receivedAtS = Math.floor(entry.receivedAtS / RECEIVED_GRAIN_S) * RECEIVED_GRAIN_S;
  const from = new BodyReader(entry.body);
  from.array();
  from.uint();
  from.uint();
  contextText.cut(0);
  putContext(from, contextText, []);
  contextText.endRow();
  const context = contextText.values(0);
  const arrival = `${receivedAtS}\t${collector}\t${entry.sealedDay}\t`;
  const where = `${entry.network}\t${entry.country}\t${entry.signer}\t`;
  const opened: Opened = { entry, from, receivedAtS, context, arrival, where, found: [0, WHOLE_PPM], latenessS };
  if (entry.development) {
    addSection(tables.dev_reports, FAILURES, { ...opened, latenessS: undefined });
    return;
  }
  addSection(tables.reports, FAILURES, opened);
  addSection(tables.attempts, ATTEMPTS, opened);
  addSection(tables.deliveries, DELIVERIES, opened);
  addSection(tables.losses, LOSSES, opened);
  addSection(tables.consent_counts, CONSENTS, opened);
}

const TABLES = Object.keys(ROW_COLUMNS) as RowTable[];

/** Adds the rows of one entry, all or, when its body is damaged, none. */
export function tryAddRows(rows: TableRows, entry: JournalEntry, collector: string): boolean {
  const { tables, latenessS } = rows;
  const lengths = TABLES.map((table) => tables[table].length);
  try {
    addRows(rows, entry, collector);
    return true;
  } catch {
    TABLES.forEach((table, index) => tables[table].cut(lengths[index] ?? 0));
    latenessS.length = tables.reports.length;
    return false;
  }
}
