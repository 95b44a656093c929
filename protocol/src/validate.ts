/**
 * A decoded body checked against the field tables. One closure per field is built once; nothing is looked up by a name that
 * came over the wire. Records of a newer minor version may be longer: what trails is counted and ignored.
 *
 * Checked records stay arrays in wire order; naming them costs as much again, and a collector needs few names.
 */
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
import { nameBody, type BodyValues, type Values, type WireValue } from './body-values.js';
import { MAX_REPORTS, SCHEMA_MAJOR } from './limits.js';
import { OutcryError } from './outcry-error.js';

/** More trailing values than a newer minor version could plausibly have added. */
const MAX_UNKNOWN_PER_RECORD = 64;
/** The first values of choices that stand for "cannot be told", which a value of a newer minor version is read as. */
const OPEN_CHOICES: readonly string[] = ['unknown', 'other', 'none'];
const BODY_ITEMS = 8;

interface Tally {
  unknownFields: number;
}
type Check = (value: unknown, tally: Tally) => WireValue;

function fail(name: string): never {
  throw new OutcryError('invalid_report', name);
}

/** Texts remembered per field; comparing with so few costs less than hashing. */
const MAX_KNOWN = 8;

/** Agents repeat few texts, so the last good ones are remembered and their pattern not run again. */
function checkText(name: string, maxLength: number, pattern: RegExp): (value: unknown) => string {
  const known: string[] = [];
  let oldest = 0;
  return (value) => {
    if (typeof value !== 'string') return fail(name);
    if (known.includes(value)) return value;
    if (value.length > maxLength || !pattern.test(value)) return fail(name);
    known[oldest] = value;
    oldest = (oldest + 1) % MAX_KNOWN;
    return value;
  };
}

function checkChoice(name: string, values: readonly string[]): Check {
  const first = values[0];
  const mayFallBack = first !== undefined && OPEN_CHOICES.includes(first);
  return (value, tally) => {
    if (typeof value !== 'number' || value >>> 0 !== value) return fail(name);
    if (value < values.length) return value;
    if (!mayFallBack) return fail(name);
    tally.unknownFields += 1;
    return 0;
  };
}

function checkOf(field: Field): Check {
  const { name } = field;
  switch (field.type) {
    case 'uint': {
      const { min, max } = field;
      // `>>> 0` refuses fractions, NaN and everything beyond 32 bits.
      return (value) => (typeof value === 'number' && value >>> 0 === value && value >= min && value <= max ? value : fail(name));
    }
    case 'bool':
      return (value) => (typeof value === 'boolean' ? value : fail(name));
    case 'text':
      return checkText(name, field.maxLength, field.pattern);
    case 'text?': {
      const check = checkText(name, field.maxLength, field.pattern);
      return (value) => (value === null ? null : check(value));
    }
    case 'choice':
      return checkChoice(name, field.values);
    case 'texts': {
      const { maxItems } = field;
      const check = checkText(name, field.maxLength, field.pattern);
      return (value) => {
        if (!Array.isArray(value) || value.length > maxItems) return fail(name);
        for (const item of value) check(item);
        return value as string[];
      };
    }
  }
}

function countTrailing(length: number, known: number, name: string, tally: Tally): void {
  const trailing = length - known;
  if (trailing < 0 || trailing > MAX_UNKNOWN_PER_RECORD) fail(name);
  tally.unknownFields += trailing;
}

/** A record is handed back as it came, unless something in it was not understood. */
function recordCheck(section: string, fields: readonly Field[]): (value: unknown, tally: Tally) => Values {
  const checks = fields.map(checkOf);
  return (value, tally) => {
    if (!Array.isArray(value)) return fail(section);
    let values = value as WireValue[];
    if (values.length !== checks.length) {
      countTrailing(values.length, checks.length, section, tally);
      values = values.slice(0, checks.length);
    }
    let index = 0;
    for (const check of checks) {
      const checked = check(values[index], tally);
      if (checked !== values[index]) {
        if (values === value) values = values.slice();
        values[index] = checked;
      }
      index += 1;
    }
    return values;
  };
}

function listCheck(section: string, fields: readonly Field[]): (value: unknown, tally: Tally) => readonly Values[] {
  const check = recordCheck(section, fields);
  return (value, tally) => {
    if (!Array.isArray(value)) return fail(section);
    if (value.length > MAX_REPORTS) throw new OutcryError('too_many_reports', section);
    return value.map((item) => check(item, tally));
  };
}

const checkContext = recordCheck('context', CONTEXT_FIELDS);
const checkFailures = listCheck('failures', FAILURE_FIELDS);
const checkAttempts = listCheck('attempts', ATTEMPT_FIELDS);
const checkDeliveries = listCheck('deliveries', DELIVERY_FIELDS);
const checkLosses = listCheck('losses', LOSS_FIELDS);
const checkConsents = listCheck('consents', CONSENT_FIELDS);
const checkSealedAt = checkOf({ name: 'sealed_at', type: 'uint', min: 0, max: 0xffffffff });

/**
 * Checks what a CBOR decoder gave for a body against the field tables. Nothing of `decoded` is changed.
 *
 * A choice beyond its table is read as index 0 where that says "unknown", "other" or "none", and counts as unknown; elsewhere
 * (source, buckets) it is refused. Up to 64 trailing values of the body and of each record are counted and left out.
 *
 * @returns the values in wire order, and how many were not understood: 0 means that they are just what was decoded.
 * Throws `unsupported_schema`, `too_many_reports` (over 64 records of one sort), `invalid_report` (the message names the field).
 * Source: docs/reference/fields.md.
 */
export function checkBody(decoded: unknown): { values: BodyValues; unknownFields: number } {
  if (!Array.isArray(decoded)) return fail('body');
  const items: readonly unknown[] = decoded;
  if (items[0] !== SCHEMA_MAJOR) throw new OutcryError(typeof items[0] === 'number' ? 'unsupported_schema' : 'invalid_report', 'schema');
  const tally: Tally = { unknownFields: 0 };
  countTrailing(items.length, BODY_ITEMS, 'body', tally);
  const values: BodyValues = {
    sealedAt: checkSealedAt(items[1], tally) as number,
    context: checkContext(items[2], tally),
    failures: checkFailures(items[3], tally),
    attempts: checkAttempts(items[4], tally),
    deliveries: checkDeliveries(items[5], tally),
    losses: checkLosses(items[6], tally),
    consents: checkConsents(items[7], tally),
  };
  return { values, unknownFields: tally.unknownFields };
}

/**
 * Checks a decoded body as `checkBody` does, and names its values.
 *
 * @returns the body, and how many values were not understood.
 * Throws what `checkBody` throws.
 */
export function validateBody(decoded: unknown): { body: ReportBody; unknownFields: number } {
  const { values, unknownFields } = checkBody(decoded);
  return { body: nameBody(values), unknownFields };
}
