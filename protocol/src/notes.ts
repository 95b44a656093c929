/** Notes on every field and column, and the columns that follow from them. For storage, the inventory and the docs. */
import { COLLECTOR_NOTES, type CollectorColumn } from './collector-notes.js';
import { ATTEMPT_NOTES, CONSENT_NOTES, CONTEXT_NOTES, DELIVERY_NOTES, FAILURE_NOTES, LOSS_NOTES } from './field-notes.js';
import { ATTEMPT_FIELDS, CONSENT_FIELDS, CONTEXT_FIELDS, DELIVERY_FIELDS, FAILURE_FIELDS, LOSS_FIELDS, type Field } from './fields.js';
import type { Note } from './note.js';

export type { Note, PrivacyClass, Retention } from './note.js';
export { COLLECTOR_NOTES, type CollectorColumn } from './collector-notes.js';
export {
  ATTEMPT_NOTES,
  CONSENT_NOTES,
  CONTEXT_NOTES,
  DELIVERY_NOTES,
  ENVELOPE_NOTES,
  FAILURE_NOTES,
  LOSS_NOTES,
  type NotesOf,
} from './field-notes.js';

/** One column of ClickHouse. `field` is the wire field it holds. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly field: string;
}

function columnsOf(fields: readonly Field[], notes: Readonly<Record<string, Note>>): readonly Column[] {
  return fields.flatMap(({ name }) => {
    const note = notes[name];
    if (note === undefined || note.columnType === null) return [];
    return [{ name: note.columnName ?? name, type: note.columnType, field: name }];
  });
}

/** Columns in wire order. */
export const CONTEXT_COLUMNS: readonly Column[] = columnsOf(CONTEXT_FIELDS, CONTEXT_NOTES);
export const FAILURE_COLUMNS: readonly Column[] = columnsOf(FAILURE_FIELDS, FAILURE_NOTES);
export const ATTEMPT_COLUMNS: readonly Column[] = columnsOf(ATTEMPT_FIELDS, ATTEMPT_NOTES);
export const DELIVERY_COLUMNS: readonly Column[] = columnsOf(DELIVERY_FIELDS, DELIVERY_NOTES);
export const LOSS_COLUMNS: readonly Column[] = columnsOf(LOSS_FIELDS, LOSS_NOTES);
export const CONSENT_COLUMNS: readonly Column[] = columnsOf(CONSENT_FIELDS, CONSENT_NOTES);

/** Types of the columns that the collector adds. */
export const COLLECTOR_COLUMN_TYPES: Readonly<Record<CollectorColumn, string>> = Object.fromEntries(
  Object.entries(COLLECTOR_NOTES).map(([name, note]) => [name, note.columnType]),
) as Record<CollectorColumn, string>;
