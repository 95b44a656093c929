/**
 * The columns of the tables that collectors fill: each derives from a field of the protocol or is named here as added by the collector.
 * Written once; a test compares them with the tables that the engine really has.
 */
import {
  ATTEMPT_FIELDS,
  CONSENT_FIELDS,
  CONTEXT_FIELDS,
  DELIVERY_FIELDS,
  FAILURE_FIELDS,
  LOSS_FIELDS,
  MAX_UINT,
  type Field,
} from '@outcry/protocol';
import { ATTEMPT_CONTEXT, CONSENT_CONTEXT, DELIVERY_CONTEXT, LOSS_CONTEXT, type RowTable } from './rows.js';

export interface Column {
  readonly name: string;
  /** ClickHouse type, with codec. */
  readonly type: string;
  /** Where it comes from: a field of the wire, or the collector. */
  readonly origin: 'field' | 'collector';
}

/** Fields that are seconds since the epoch; the field tables know them as plain integers. */
const TIME_FIELDS: ReadonlySet<string> = new Set(['occurred_at', 'bin_start', 'sent_at']);
/** Times of one table lie near each other, so that their differences are small. */
const TIME = "DateTime('UTC') CODEC(Delta, ZSTD(1))";
const DICTIONARY = 'LowCardinality(String)';

/**
 * The ClickHouse type of a field.
 *
 * Every text of the wire is bounded to few values by configuration or by pattern, hence LowCardinality; a `choice` is kept as its
 * word, so that a new value needs no migration. An absent text is ''.
 * Never throws.
 */
export function columnType(field: Field): string {
  switch (field.type) {
    case 'uint':
      if (TIME_FIELDS.has(field.name)) return TIME;
      return field.max <= 0xff ? 'UInt8' : field.max <= 0xffff ? 'UInt16' : 'UInt32 CODEC(T64, ZSTD(1))';
    case 'bool':
      return 'Bool';
    case 'texts':
      return `Array(${DICTIONARY})`;
    case 'text':
    case 'text?':
    case 'choice':
      return DICTIONARY;
  }
}

const added = (name: string, type: string): Column => ({ name, type, origin: 'collector' });
const derived = (fields: readonly Field[]): Column[] => fields.map((field) => ({ name: field.name, type: columnType(field), origin: 'field' }));
const context = (names: readonly string[]): Column[] => derived(CONTEXT_FIELDS.filter((field) => names.includes(field.name)));

const ARRIVAL = [added('received_at', TIME), added('collector', DICTIONARY), added('sealed_day', 'UInt16')];
const NETWORK = [added('network', DICTIONARY), added('country', DICTIONARY)];
const SIGNER = added('signer', 'UInt64');
const PLACE = [
  added('event_time', TIME),
  added('time_trust', DICTIONARY),
  ...NETWORK,
  added('lateness_s', 'UInt32 CODEC(T64, ZSTD(1))'),
  SIGNER,
  added('weight', 'Float64 CODEC(ZSTD(1))'),
];
const REPORTS = [...derived(CONTEXT_FIELDS), ...derived(FAILURE_FIELDS), ...ARRIVAL, ...PLACE, added('report_id', 'UInt64')];

/** The columns that a row carries, in the order in which they are inserted. */
export const COLUMNS: Readonly<Record<RowTable, readonly Column[]>> = {
  reports: REPORTS,
  dev_reports: REPORTS,
  attempts: [...context(ATTEMPT_CONTEXT), ...derived(ATTEMPT_FIELDS), ...ARRIVAL, ...PLACE, added('attempt_id', 'UInt64')],
  deliveries: [
    ...context(DELIVERY_CONTEXT),
    // `collector` is the collector that wrote the row; the one that took the earlier envelope has a name of its own.
    ...derived(DELIVERY_FIELDS).map((column) => (column.name === 'collector' ? { ...column, name: 'delivered_to' } : column)),
    ...ARRIVAL,
    ...NETWORK,
    SIGNER,
    added('delivery_id', 'UInt64'),
  ],
  losses: [...context(LOSS_CONTEXT), ...derived(LOSS_FIELDS), ...ARRIVAL, added('loss_id', 'UInt64')],
  consent_counts: [...context(CONSENT_CONTEXT), ...derived(CONSENT_FIELDS), ...ARRIVAL, added('consent_id', 'UInt64')],
};

/** Columns that the server fills: when a row was inserted, and the rank by which the first inserted copy of an id wins. */
export const SERVER_COLUMNS: readonly Column[] = [
  added('inserted_at', "DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta, ZSTD(1))"),
  // The highest version wins in a ReplacingMergeTree; this one falls as time goes on.
  added('rank', `UInt64 MATERIALIZED ${'18446744073709551615'} - toUInt64(toUnixTimestamp64Micro(inserted_at)) CODEC(Delta, ZSTD(1))`),
];

/** The largest whole number of a wire field; a value above its column's type would wrap without an error. */
export function maxOfColumn(type: string): number {
  if (type.startsWith('UInt8')) return 0xff;
  return type.startsWith('UInt16') ? 0xffff : MAX_UINT;
}
