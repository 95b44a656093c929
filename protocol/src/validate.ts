/**
 * A decoded body checked against the field tables. One closure per field is built once; nothing is looked up by a name that
 * came over the wire. Records of a newer minor version may be longer: what trails is counted and ignored.
 */
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
type Check = (value: unknown, tally: Tally) => unknown;

function fail(name: string): never {
  throw new OutcryError('invalid_report', name);
}

/** Agents repeat few texts, so the last good one is remembered and its pattern not run again. */
function checkText(name: string, maxLength: number, pattern: RegExp): (value: unknown) => string {
  let known: string | undefined;
  return (value) => {
    if (typeof value !== 'string') return fail(name);
    if (value === known) return known;
    if (value.length > maxLength || !pattern.test(value)) return fail(name);
    known = value;
    return value;
  };
}

function checkChoice(name: string, values: readonly string[]): Check {
  const first = values[0];
  const fallback = first !== undefined && OPEN_CHOICES.includes(first) ? first : undefined;
  return (value, tally) => {
    if (typeof value !== 'number' || value >>> 0 !== value) return fail(name);
    const chosen = values[value];
    if (chosen !== undefined) return chosen;
    if (fallback === undefined) return fail(name);
    tally.unknownFields += 1;
    return fallback;
  };
}

function checkOf(field: Field): Check {
  const { name } = field;
  switch (field.type) {
    case 'uint': {
      const { min, max } = field;
      // `>>> 0` refuses fractions, NaN and everything beyond 32 bits, and turns −0 into 0.
      return (value) => (typeof value === 'number' && value >>> 0 === value && value >= min && value <= max ? value >>> 0 : fail(name));
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
      return (value) => (Array.isArray(value) && value.length <= maxItems ? value.map(check) : fail(name));
    }
  }
}

function countTrailing(length: number, known: number, name: string, tally: Tally): void {
  const trailing = length - known;
  if (trailing < 0 || trailing > MAX_UNKNOWN_PER_RECORD) fail(name);
  tally.unknownFields += trailing;
}

function recordCheck<const T extends readonly Field[]>(section: string, fields: T): (value: unknown, tally: Tally) => RecordOf<T> {
  const checks = fields.map((field) => [field.name, checkOf(field)] as const);
  return (value, tally) => {
    if (!Array.isArray(value)) return fail(section);
    if (value.length !== checks.length) countTrailing(value.length, checks.length, section, tally);
    const record: Record<string, unknown> = {};
    let index = 0;
    for (const [name, check] of checks) record[name] = check(value[index++], tally);
    return record as RecordOf<T>;
  };
}

function listCheck<const T extends readonly Field[]>(section: string, fields: T): (value: unknown, tally: Tally) => RecordOf<T>[] {
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
 * Checks what a CBOR decoder gave for a body against the field tables, and names the values.
 *
 * A choice beyond its table is read as index 0 where that says "unknown", "other" or "none", and counts as unknown; elsewhere
 * (source, buckets) it is refused. Up to 64 trailing values of the body and of each record are counted and ignored.
 *
 * @returns the body, and how many values were not understood.
 * Throws `unsupported_schema`, `too_many_reports` (over 64 records of one sort), `invalid_report` (the message names the field).
 * Source: docs/reference/fields.md.
 */
export function validateBody(decoded: unknown): { body: ReportBody; unknownFields: number } {
  if (!Array.isArray(decoded)) return fail('body');
  const items: readonly unknown[] = decoded;
  if (items[0] !== SCHEMA_MAJOR) throw new OutcryError(typeof items[0] === 'number' ? 'unsupported_schema' : 'invalid_report', 'schema');
  const tally: Tally = { unknownFields: 0 };
  countTrailing(items.length, BODY_ITEMS, 'body', tally);
  const body: ReportBody = {
    sealed_at: checkSealedAt(items[1], tally) as number,
    context: checkContext(items[2], tally),
    failures: checkFailures(items[3], tally),
    attempts: checkAttempts(items[4], tally),
    deliveries: checkDeliveries(items[5], tally),
    losses: checkLosses(items[6], tally),
    consents: checkConsents(items[7], tally),
  };
  return { body, unknownFields: tally.unknownFields };
}
