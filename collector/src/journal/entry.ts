/**
 * One journal entry: a validated envelope body and its receipt, as one CBOR array of values in the order of the field tables.
 * The bytes are our own, so cbor-x may read them; no field names are stored, and records written before a field was appended to
 * its table stay readable. Holds no address.
 */
import { Encoder } from 'cbor-x';
import {
  ATTEMPT_FIELDS,
  CONSENT_FIELDS,
  CONTEXT_FIELDS,
  DELIVERY_FIELDS,
  FAILURE_FIELDS,
  LOSS_FIELDS,
  type Field,
  type ReportBody,
} from '@outcry/protocol';

export interface JournalEntry {
  /** Seconds since the epoch, not yet floored. */
  readonly receivedAtS: number;
  /** UTC day number from the envelope's header. */
  readonly sealedDay: number;
  /** 16 bytes. */
  readonly dedup: Uint8Array;
  readonly signer: bigint;
  readonly network: string;
  readonly country: string;
  /** Seconds to add to the device's times; null when its clock could not be compared. */
  readonly offsetS: number | null;
  readonly development: boolean;
  readonly body: ReportBody;
}

const ENTRY_VERSION = 1;
const encoder = new Encoder({ useRecords: false, tagUint8Array: false, variableMapSize: true });

/** The values of one record in the order of its field table. */
export type Values = readonly unknown[];

/** An entry as it is read back: records as plain values, since they only become rows. */
export interface StoredEntry extends Omit<JournalEntry, 'body'> {
  readonly context: Values;
  readonly failures: readonly Values[];
  readonly attempts: readonly Values[];
  readonly deliveries: readonly Values[];
  readonly losses: readonly Values[];
  readonly consents: readonly Values[];
}

function packer(fields: readonly Field[]): (record: object) => Values {
  const names = fields.map(({ name }) => name);
  return (record) => {
    const source = record as Readonly<Record<string, unknown>>;
    return names.map((name) => source[name]);
  };
}

const packContext = packer(CONTEXT_FIELDS);
const packFailure = packer(FAILURE_FIELDS);
const packAttempts = packer(ATTEMPT_FIELDS);
const packDelivery = packer(DELIVERY_FIELDS);
const packLoss = packer(LOSS_FIELDS);
const packConsent = packer(CONSENT_FIELDS);

/** The value of a field that a record of an older version does not have. */
function absent(field: Field): unknown {
  if (field.type === 'choice') return field.values[0];
  if (field.type === 'uint') return field.min;
  return field.type === 'bool' ? false : field.type === 'texts' ? [] : field.type === 'text?' ? null : '';
}

function complete(values: Values, fields: readonly Field[]): Values {
  return values.length >= fields.length ? values : [...values, ...fields.slice(values.length).map(absent)];
}

/** The bytes of an entry. Never throws for a validated body. */
export function packEntry(entry: JournalEntry): Buffer {
  const { body } = entry;
  return encoder.encode([
    ENTRY_VERSION,
    entry.receivedAtS,
    entry.sealedDay,
    entry.dedup,
    entry.signer,
    entry.network,
    entry.country,
    entry.offsetS,
    entry.development,
    packContext(body.context),
    body.failures.map(packFailure),
    body.attempts.map(packAttempts),
    body.deliveries.map(packDelivery),
    body.losses.map(packLoss),
    body.consents.map(packConsent),
  ]);
}

type Packed = [
  version: number,
  receivedAtS: number,
  sealedDay: number,
  dedup: Uint8Array,
  signer: bigint | number,
  network: string,
  country: string,
  offsetS: number | null,
  development: boolean,
  context: Values,
  failures: Values[],
  attempts: Values[],
  deliveries: Values[],
  losses: Values[],
  consents: Values[],
];

/** The entry that `packEntry` wrote. Throws when the bytes are of another version. */
export function unpackEntry(bytes: Uint8Array): StoredEntry {
  const [version, receivedAtS, sealedDay, dedup, signer, network, country, offsetS, development, ...records] = encoder.decode(
    bytes,
  ) as Packed;
  if (version !== ENTRY_VERSION) throw new Error(`journal entry of version ${version}`);
  const [context, failures, attempts, deliveries, losses, consents] = records;
  const all = (values: Values[], fields: readonly Field[]): Values[] => values.map((one) => complete(one, fields));
  return {
    receivedAtS,
    sealedDay,
    dedup,
    signer: BigInt(signer),
    network,
    country,
    offsetS,
    development,
    context: complete(context, CONTEXT_FIELDS),
    failures: all(failures, FAILURE_FIELDS),
    attempts: all(attempts, ATTEMPT_FIELDS),
    deliveries: all(deliveries, DELIVERY_FIELDS),
    losses: all(losses, LOSS_FIELDS),
    consents: all(consents, CONSENT_FIELDS),
  };
}

/** Rows that the entry becomes, over all tables. */
export function rowCount(entry: StoredEntry): number {
  const { development, failures, attempts, deliveries, losses, consents } = entry;
  return development ? failures.length : failures.length + attempts.length + deliveries.length + losses.length + consents.length;
}
