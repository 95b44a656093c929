/**
 * An honest body checked in one pass over its bytes, without decoding it: nothing is made of its records but the few values that an
 * intake looks at. A collector keeps the bytes as they came, so decoding them only to check them cost a fifth of a large envelope.
 *
 * Only a yes counts. Whatever is not exactly what today's agents write (wrong, hostile, or of a newer minor version) gives
 * undefined, and then `decodeValues` says what it is. A test holds the two together: what this takes, that takes, with equal facts.
 */
import { ATTEMPT_FIELDS, CONSENT_FIELDS, CONTEXT_FIELDS, DELIVERY_FIELDS, FAILURE_FIELDS, LOSS_FIELDS, type Field } from './fields.js';
import { MAX_REPORTS, SCHEMA_MAJOR } from './limits.js';

/** What an intake has to know of a body. */
export interface BodyFacts {
  readonly sealedAt: number;
  readonly project: string;
  readonly release: string;
  /** Every host of failures and attempts, once; those of failures come first. */
  readonly hosts: readonly string[];
  /** How many of the hosts are hosts of failures. */
  readonly failedHosts: number;
  /** Every route of failures, once. */
  readonly routes: readonly string[];
  /** When earlier envelopes were taken, by the device's clock. */
  readonly sentAt: readonly number[];
  readonly failures: number;
  /** Records of all other sorts. */
  readonly others: number;
}

const UINT = 0;
const TEXT = 3;
const ARRAY = 4;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const BODY_ITEMS = 8;
/** No value: where a number was expected and the bytes hold something else. Every real one is 0 or more. */
const BAD = -1;
/** Texts remembered per field, as `validate` does. */
const MAX_KNOWN = 8;

/** A place in the bytes, and the text read last. */
class Cursor {
  at = 0;
  text: string | null = null;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The number in the head of the next item, or `BAD` where that is of another sort or not as short as possible. */
  head(major: number): number {
    const { bytes } = this;
    const first = bytes[this.at++] ?? 0xff;
    if (first >> 5 !== major) return BAD;
    const low = first & 31;
    if (low < 24) return low;
    if (low > 26) return BAD;
    const end = this.at + (1 << (low - 24));
    if (end > bytes.length) return BAD;
    let value = 0;
    for (; this.at < end; this.at += 1) value = value * 256 + (bytes[this.at] ?? 0);
    return value < (low === 24 ? 24 : low === 25 ? 0x100 : 0x10000) ? BAD : value;
  }
}

/** Reads one value. Gives it where it is a number, 0 where it is of another sort and good, else `BAD`. */
type Skim = (from: Cursor) => number;

interface KnownText {
  readonly bytes: Uint8Array;
  readonly text: string;
}

function isAt(known: Uint8Array, bytes: Uint8Array, at: number, length: number): boolean {
  if (known.length !== length) return false;
  // Names of one site differ at their beginning more often than anywhere else.
  for (let index = 0; index < length; index += 1) if (known[index] !== bytes[at + index]) return false;
  return true;
}

function skimText(maxLength: number, pattern: RegExp): Skim {
  const known: KnownText[] = [];
  let oldest = 0;
  return (from) => {
    const length = from.head(TEXT);
    const { at, bytes } = from;
    if (length === BAD || length > maxLength || at + length > bytes.length) return BAD;
    from.at = at + length;
    for (const entry of known) {
      if (isAt(entry.bytes, bytes, at, length)) {
        from.text = entry.text;
        return 0;
      }
    }
    // Every pattern takes ASCII only, so what is not ASCII fails it however it is read.
    const copy = Buffer.from(bytes.subarray(at, at + length));
    const text = copy.toString('latin1');
    if (!pattern.test(text)) return BAD;
    known[oldest] = { bytes: copy, text };
    oldest = (oldest + 1) % MAX_KNOWN;
    from.text = text;
    return 0;
  };
}

function skimOf(field: Field): Skim {
  switch (field.type) {
    case 'uint': {
      const { min, max } = field;
      return (from) => {
        const value = from.head(UINT);
        return value < min || value > max ? BAD : value;
      };
    }
    case 'bool':
      return (from) => {
        const byte = from.bytes[from.at++];
        return byte === TRUE || byte === FALSE ? 0 : BAD;
      };
    case 'choice': {
      const { length } = field.values;
      return (from) => {
        const value = from.head(UINT);
        return value < length ? value : BAD;
      };
    }
    case 'text':
      return skimText(field.maxLength, field.pattern);
    case 'text?': {
      const skim = skimText(field.maxLength, field.pattern);
      return (from) => {
        if (from.bytes[from.at] !== NULL) return skim(from);
        from.at += 1;
        from.text = null;
        return 0;
      };
    }
    case 'texts': {
      const { maxItems } = field;
      const skim = skimText(field.maxLength, field.pattern);
      return (from) => {
        const count = from.head(ARRAY);
        if (count === BAD || count > maxItems) return BAD;
        for (let index = 0; index < count; index += 1) if (skim(from) === BAD) return BAD;
        return 0;
      };
    }
  }
}

/** What is collected of a record's fields: their texts, each once, or their numbers. */
type Wanted = Readonly<Record<string, (string | number)[]>>;
type SkimRecord = (from: Cursor, wanted: readonly ((string | number)[] | undefined)[]) => boolean;

function recordSkim(fields: readonly Field[]): SkimRecord {
  const skims = fields.map(skimOf);
  const isNumber = fields.map(({ type }) => type === 'uint');
  return (from, wanted) => {
    if (from.head(ARRAY) !== skims.length) return false;
    let index = 0;
    for (const skim of skims) {
      const value = skim(from);
      if (value === BAD) return false;
      const into = wanted[index];
      if (into !== undefined) {
        if (isNumber[index] === true) into.push(value);
        else if (from.text !== null && into[into.length - 1] !== from.text && !into.includes(from.text)) into.push(from.text);
      }
      index += 1;
    }
    return true;
  };
}

const placesOf = (fields: readonly Field[], wanted: Wanted): ((string | number)[] | undefined)[] => fields.map(({ name }) => wanted[name]);
const skimContext = recordSkim(CONTEXT_FIELDS);
const skimFailure = recordSkim(FAILURE_FIELDS);
const skimAttempts = recordSkim(ATTEMPT_FIELDS);
const skimDelivery = recordSkim(DELIVERY_FIELDS);
const skimLoss = recordSkim(LOSS_FIELDS);
const skimConsent = recordSkim(CONSENT_FIELDS);

/** Reads a section. Gives how many records it has, or `BAD`. */
function skimList(from: Cursor, record: SkimRecord, wanted: readonly ((string | number)[] | undefined)[]): number {
  const count = from.head(ARRAY);
  if (count > MAX_REPORTS) return BAD;
  for (let index = 0; index < count; index += 1) if (!record(from, wanted)) return BAD;
  return count;
}

/** The same few lists for every body, emptied at its beginning: they are copied where they are given out. */
const context: { readonly project: string[]; readonly release: string[] } = { project: [], release: [] };
const hosts: string[] = [];
const routes: string[] = [];
const sentAt: number[] = [];
const CONTEXT_WANTED = placesOf(CONTEXT_FIELDS, context);
const FAILURE_WANTED = placesOf(FAILURE_FIELDS, { host: hosts, route: routes });
const ATTEMPT_WANTED = placesOf(ATTEMPT_FIELDS, { host: hosts });
const DELIVERY_WANTED = placesOf(DELIVERY_FIELDS, { sent_at: sentAt });
const NOTHING: readonly undefined[] = [];

/**
 * Checks a body and finds its facts.
 *
 * @param bytes - the encoded body.
 * @returns undefined for every body that is not whole, valid, and understood to the last byte. Never throws.
 */
export function skimBody(bytes: Uint8Array): BodyFacts | undefined {
  for (const list of [context.project, context.release, hosts, routes, sentAt]) list.length = 0;
  const from = new Cursor(bytes);
  if (from.head(ARRAY) !== BODY_ITEMS || from.head(UINT) !== SCHEMA_MAJOR) return undefined;
  const sealedAt = from.head(UINT);
  if (sealedAt === BAD || !skimContext(from, CONTEXT_WANTED)) return undefined;
  const failures = skimList(from, skimFailure, FAILURE_WANTED);
  if (failures === BAD) return undefined;
  const failedHosts = hosts.length;
  const attempts = skimList(from, skimAttempts, ATTEMPT_WANTED);
  if (attempts === BAD) return undefined;
  const deliveries = skimList(from, skimDelivery, DELIVERY_WANTED);
  if (deliveries === BAD) return undefined;
  const losses = skimList(from, skimLoss, NOTHING);
  if (losses === BAD) return undefined;
  const consents = skimList(from, skimConsent, NOTHING);
  if (consents === BAD || from.at !== bytes.length) return undefined;
  return {
    sealedAt,
    project: context.project[0] ?? '',
    release: context.release[0] ?? '',
    hosts: hosts.slice(),
    failedHosts,
    routes: routes.slice(),
    sentAt: sentAt.slice(),
    failures,
    others: attempts + deliveries + losses + consents,
  };
}
