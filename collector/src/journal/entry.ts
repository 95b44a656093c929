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
  type RecordOf,
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

type Packed = readonly unknown[];
interface Codec<R> {
  readonly pack: (record: R) => Packed;
  readonly unpack: (values: Packed) => R;
}

/** The value of a field that an entry of an older version does not have. */
function absent(field: Field): unknown {
  if (field.type === 'choice') return field.values[0];
  if (field.type === 'uint') return field.min;
  return field.type === 'bool' ? false : field.type === 'texts' ? [] : field.type === 'text?' ? null : '';
}

function codecOf<const T extends readonly Field[]>(fields: T): Codec<RecordOf<T>> {
  const names = fields.map(({ name }) => name);
  const defaults = fields.map(absent);
  return {
    pack(record) {
      const source = record as Readonly<Record<string, unknown>>;
      return names.map((name) => source[name]);
    },
    unpack(values) {
      const record: Record<string, unknown> = {};
      let index = 0;
      for (const name of names) {
        record[name] = index < values.length ? values[index] : defaults[index];
        index += 1;
      }
      return record as RecordOf<T>;
    },
  };
}

const context = codecOf(CONTEXT_FIELDS);
const failure = codecOf(FAILURE_FIELDS);
const attempts = codecOf(ATTEMPT_FIELDS);
const delivery = codecOf(DELIVERY_FIELDS);
const loss = codecOf(LOSS_FIELDS);
const consent = codecOf(CONSENT_FIELDS);

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
    body.sealed_at,
    context.pack(body.context),
    body.failures.map(failure.pack),
    body.attempts.map(attempts.pack),
    body.deliveries.map(delivery.pack),
    body.losses.map(loss.pack),
    body.consents.map(consent.pack),
  ]);
}

type Values = [
  number,
  number,
  number,
  Uint8Array,
  bigint | number,
  string,
  string,
  number | null,
  boolean,
  number,
  Packed,
  Packed[],
  Packed[],
  Packed[],
  Packed[],
  Packed[],
];

/** The entry that `packEntry` wrote. Throws when the bytes are of another version. */
export function unpackEntry(bytes: Uint8Array): JournalEntry {
  const values = encoder.decode(bytes) as Values;
  if (values[0] !== ENTRY_VERSION) throw new Error(`journal entry of version ${values[0]}`);
  return {
    receivedAtS: values[1],
    sealedDay: values[2],
    dedup: values[3],
    signer: BigInt(values[4]),
    network: values[5],
    country: values[6],
    offsetS: values[7],
    development: values[8],
    body: {
      sealed_at: values[9],
      context: context.unpack(values[10]),
      failures: values[11].map(failure.unpack),
      attempts: values[12].map(attempts.unpack),
      deliveries: values[13].map(delivery.unpack),
      losses: values[14].map(loss.unpack),
      consents: values[15].map(consent.unpack),
    },
  };
}

/** Rows that the entry becomes, over all tables. */
export function rowCount({ development, body }: Pick<JournalEntry, 'development' | 'body'>): number {
  const failures = body.failures.length;
  return development ? failures : failures + body.attempts.length + body.deliveries.length + body.losses.length + body.consents.length;
}
