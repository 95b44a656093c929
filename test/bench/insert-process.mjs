/** Inserts the same rows in each format, for the table `reports` of a real engine. Tells the CPU time that this client took. */
import { Readable } from 'node:stream';
import { createStorageClient, insertEncoded } from '@outcry/storage';
import { addRows, noRows, ROW_COLUMNS } from '../../collector/dist/rows.js';
import { COLUMNS } from '../../storage/dist/columns.js';
import { encodeNative } from './native-format.mjs';

const SETTINGS = { async_insert: 0, insert_deduplicate: 0, input_format_null_as_default: 0 };
const names = ROW_COLUMNS.reports;
const types = new Map(COLUMNS.reports.map(({ name, type }) => [name, type]));
const columns = names.map((name) => ({ name, type: types.get(name) }));
let client;
let token = 0;

/** Values as programs hold them, of a row of text. */
function valuesOf(rows, index) {
  return rows.values(index).map((value, place) => {
    const { type } = columns[place];
    if (type === 'Bool') return value === 'true';
    return /^(UInt8|UInt16|UInt32|Float64|DateTime)/.test(type) ? Number(value) : value;
  });
}

async function native(values) {
  const bytes = encodeNative(columns, values);
  const { stream } = await client.exec({
    query: `INSERT INTO reports (${names.join(', ')}) FORMAT Native`,
    values: Readable.from([bytes], { objectMode: false }),
    clickhouse_settings: SETTINGS,
  });
  for await (const chunk of stream) void chunk;
}

const INSERT = {
  TabSeparated: (entries) => {
    const rows = noRows();
    for (const entry of entries) addRows(rows, entry, 'bench');
    return insertEncoded(client, 'reports', names, rows.tables.reports.text, `bench:${process.pid}:${token++}`);
  },
  JSONCompactEachRow: (_entries, values) =>
    client.insert({ table: 'reports', columns: [...names], format: 'JSONCompactEachRow', values, clickhouse_settings: SETTINGS }),
  Native: (_entries, values) => native(values),
};

process.on('message', async ({ connection, format, bodies, perBody }) => {
  client ??= createStorageClient(connection);
  const entries = bodies.map((body, index) => ({
    receivedAtS: Math.floor(Date.now() / 1000),
    sealedDay: Math.floor(Date.now() / 86_400_000),
    dedup: Buffer.from(`${String(token).padStart(8, '0')}${String(index).padStart(8, '0')}`),
    signer: BigInt(index),
    network: 'AS3320/DE',
    country: 'DE',
    offsetS: null,
    development: false,
    crowd: 'few',
    rows: perBody,
    body: Buffer.from(body, 'base64'),
  }));
  const rows = noRows();
  if (format !== 'TabSeparated') for (const entry of entries) addRows(rows, entry, 'bench');
  const values = Array.from({ length: rows.tables.reports.length }, (_, index) => valuesOf(rows.tables.reports, index));
  globalThis.gc?.();
  const before = process.cpuUsage();
  await INSERT[format](entries, values);
  const { user, system } = process.cpuUsage(before);
  process.send({ seconds: (user + system) / 1e6 });
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });
