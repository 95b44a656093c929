/**
 * The columns of the tables that collectors fill: each is a wire field's column or one that the collector adds, as the protocol's
 * notes name and type them. Written once; a test compares them with the tables that the engine really has.
 */
import {
  ATTEMPT_COLUMNS,
  COLLECTOR_COLUMN_TYPES,
  CONSENT_COLUMNS,
  CONTEXT_COLUMNS,
  DELIVERY_COLUMNS,
  FAILURE_COLUMNS,
  LOSS_COLUMNS,
  type CollectorColumn,
} from '@outcry/protocol/notes';
import { ATTEMPT_CONTEXT, CONSENT_CONTEXT, DELIVERY_CONTEXT, LOSS_CONTEXT, type RowTable } from './rows.js';

export interface Column {
  readonly name: string;
  /** ClickHouse type, without codec. */
  readonly type: string;
}

type WireColumn = Column & { readonly field: string };

const wire = (columns: readonly WireColumn[]): Column[] => columns.map(({ name, type }) => ({ name, type }));
const context = (names: readonly string[]): Column[] => wire(CONTEXT_COLUMNS.filter(({ field }) => names.includes(field)));
const added = (...names: CollectorColumn[]): Column[] => names.map((name) => ({ name, type: COLLECTOR_COLUMN_TYPES[name] }));

const ARRIVAL = added('received_at', 'collector', 'sealed_day');
const PLACE = added('event_time', 'time_trust', 'network', 'country', 'lateness_s', 'signer', 'weight');
const REPORTS = [...wire(CONTEXT_COLUMNS), ...wire(FAILURE_COLUMNS), ...ARRIVAL, ...PLACE, ...added('crowd', 'report_id')];

/** The columns that a row carries, in the order in which they are inserted. */
export const COLUMNS: Readonly<Record<RowTable, readonly Column[]>> = {
  reports: REPORTS,
  dev_reports: REPORTS,
  attempts: [...context(ATTEMPT_CONTEXT), ...wire(ATTEMPT_COLUMNS), ...ARRIVAL, ...PLACE, ...added('attempt_id')],
  deliveries: [
    ...context(DELIVERY_CONTEXT),
    ...wire(DELIVERY_COLUMNS),
    ...ARRIVAL,
    ...added('network', 'country', 'signer', 'delivery_id'),
  ],
  losses: [...context(LOSS_CONTEXT), ...wire(LOSS_COLUMNS), ...ARRIVAL, ...added('loss_id')],
  consent_counts: [...context(CONSENT_CONTEXT), ...wire(CONSENT_COLUMNS), ...ARRIVAL, ...added('consent_id')],
};

/** Columns that the server fills in every one of these tables. */
export const SERVER_COLUMNS: readonly Column[] = added('inserted_at', 'rank');

/** The id of a row, equal in every copy of it. */
export const ID_COLUMN: Readonly<Record<RowTable, CollectorColumn>> = {
  reports: 'report_id',
  dev_reports: 'report_id',
  attempts: 'attempt_id',
  deliveries: 'delivery_id',
  losses: 'loss_id',
  consent_counts: 'consent_id',
};
