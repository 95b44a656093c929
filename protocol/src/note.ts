/** The shape of a note on one field or column. */

/**
 * How much a value says about a person: `app` is equal for all users of an app, `environment` is shared by very many devices,
 * `event` is what happened and when, `place` narrows where a device is, `pseudonym` links records of one device for one day,
 * `consent` is what a user decided, `bookkeeping` is about Outcry itself.
 */
export type PrivacyClass = 'app' | 'environment' | 'event' | 'place' | 'pseudonym' | 'consent' | 'bookkeeping';

/**
 * How long it is kept: `row` as long as the single row (retention_days, 90 by default; 24 h for development projects), `rollup` also
 * in counts without any device (10 s counts 3 days, 1 min 35 days, 1 h 400 days), `8 days` then cleared, `never` not stored.
 */
export type Retention = 'row' | 'rollup' | '8 days' | 'never';

export type Example = string | number | boolean | null | readonly string[];

export interface Note {
  readonly purpose: string;
  /** Why the purpose cannot be met without it, or with less. */
  readonly necessity: string;
  readonly privacy: PrivacyClass;
  readonly retention: Retention;
  readonly example: Example;
  /** ClickHouse type of the column, or null where it is not stored. */
  readonly columnType: string | null;
  /** Where the column's name differs from the field's. */
  readonly columnName?: string;
}

export const note = (
  privacy: PrivacyClass,
  retention: Retention,
  columnType: string | null,
  example: Example,
  purpose: string,
  necessity: string,
): Note => ({ purpose, necessity, privacy, retention, example, columnType });

/** ClickHouse types that many columns have. */
export const WORD = 'LowCardinality(String)';
export const TIME = "DateTime('UTC')";
export const COUNT = 'UInt32';
