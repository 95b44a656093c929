/** The plain body of an envelope: records to positional arrays, in the order of the field tables. */
import { encodeCbor, type CborValue } from './cbor.js';
import {
  ATTEMPT_FIELDS,
  CONSENT_FIELDS,
  CONTEXT_FIELDS,
  DELIVERY_FIELDS,
  FAILURE_FIELDS,
  LOSS_FIELDS,
  type Field,
  type ReportBody,
} from './fields.js';
import { SCHEMA_MAJOR } from './limits.js';

/** Integers are brought into their bounds, so that an extreme number never makes a whole envelope invalid. */
function wireValue(field: Field, value: unknown): CborValue {
  if (field.type === 'uint') return Math.min(field.max, Math.max(field.min, Math.floor(Number(value)) || 0));
  if (field.type === 'choice') return Math.max(0, field.values.indexOf(value as string));
  return value as CborValue;
}

function wireRecord(fields: readonly Field[], record: object): CborValue {
  return fields.map((field) => wireValue(field, (record as Readonly<Record<string, unknown>>)[field.name]));
}

/**
 * Encodes a body as `[schema, sealed_at, context, failures, attempts, deliveries, losses, consents]`, every record an array.
 * Numbers are floored into their field's bounds and a choice outside its table becomes index 0; text is not checked.
 *
 * Never throws for values of the type. Source: docs/reference/wire.md.
 */
export function encodeBody(body: ReportBody): Uint8Array<ArrayBuffer> {
  const records = (fields: readonly Field[], items: readonly object[]): CborValue => items.map((item) => wireRecord(fields, item));
  return encodeCbor([
    SCHEMA_MAJOR,
    Math.max(0, Math.floor(body.sealed_at)),
    wireRecord(CONTEXT_FIELDS, body.context),
    records(FAILURE_FIELDS, body.failures),
    records(ATTEMPT_FIELDS, body.attempts),
    records(DELIVERY_FIELDS, body.deliveries),
    records(LOSS_FIELDS, body.losses),
    records(CONSENT_FIELDS, body.consents),
  ]);
}
