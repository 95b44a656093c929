/** A checked body as it travels: records as arrays in the order of their field tables, choices as indexes. And the way to names. */
import { encodeCbor } from './cbor.js';
import {
  ATTEMPT_FIELDS,
  CONSENT_FIELDS,
  CONTEXT_FIELDS,
  DELIVERY_FIELDS,
  FAILURE_FIELDS,
  LOSS_FIELDS,
  type Field,
  type RecordOf,
  type ReportBody,
} from './fields.js';
import { SCHEMA_MAJOR } from './limits.js';

export type WireValue = number | string | boolean | null | readonly string[];
/** One record. */
export type Values = readonly WireValue[];

export interface BodyValues {
  readonly sealedAt: number;
  readonly context: Values;
  readonly failures: readonly Values[];
  readonly attempts: readonly Values[];
  readonly deliveries: readonly Values[];
  readonly losses: readonly Values[];
  readonly consents: readonly Values[];
}

function named(field: Field, value: WireValue | undefined): unknown {
  if (field.type === 'choice') return field.values[value as number];
  // Other decoders than ours may give −0.
  return field.type === 'uint' ? (value as number) >>> 0 : value;
}

function nameRecord<const T extends readonly Field[]>(fields: T, values: Values): RecordOf<T> {
  const record: Record<string, unknown> = {};
  let index = 0;
  for (const field of fields) record[field.name] = named(field, values[index++]);
  return record as RecordOf<T>;
}

/** The body of checked values, by name. */
export function nameBody(values: BodyValues): ReportBody {
  const all = <const T extends readonly Field[]>(fields: T, records: readonly Values[]): RecordOf<T>[] =>
    records.map((record) => nameRecord(fields, record));
  return {
    sealed_at: values.sealedAt >>> 0,
    context: nameRecord(CONTEXT_FIELDS, values.context),
    failures: all(FAILURE_FIELDS, values.failures),
    attempts: all(ATTEMPT_FIELDS, values.attempts),
    deliveries: all(DELIVERY_FIELDS, values.deliveries),
    losses: all(LOSS_FIELDS, values.losses),
    consents: all(CONSENT_FIELDS, values.consents),
  };
}

/** The bytes of checked values, as `encodeBody` writes them for the same body. */
export function encodeValues(values: BodyValues): Uint8Array<ArrayBuffer> {
  const { sealedAt, context, failures, attempts, deliveries, losses, consents } = values;
  return encodeCbor([SCHEMA_MAJOR, sealedAt, context, failures, attempts, deliveries, losses, consents]);
}
