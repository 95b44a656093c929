/** Envelopes of an agent newer than the collector: what is known is stored, the rest is counted, shown at /metrics and logged. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { decode, encode } from 'cborg';
import { encodeBody } from '@outcry/protocol';
import type { LogEntry } from '@outcry/collector';
import { attempts, body, options, post, removeDirectory, seal, startCollector, storageOf, temporaryDirectory } from './sealed.js';

const FAILURES = 3;
const ATTEMPTS = 4;
let directory: string;
let collector: Awaited<ReturnType<typeof startCollector>> | undefined;

beforeEach(async () => void (directory = await temporaryDirectory()));
afterEach(async () => {
  await collector?.close();
  collector = undefined;
  await removeDirectory(directory);
});

it('takes records with fields it does not know, and counts them where an operator looks', async () => {
  const content = body({ attempts: [attempts()] });
  const wire = decode(encodeBody(content)) as unknown[][][];
  wire[FAILURES]?.[0]?.push('newer', 7);
  wire[ATTEMPTS]?.[0]?.push(null);
  const rows: { table: string; columns: number }[] = [];
  const lines: LogEntry[] = [];
  const storage = storageOf(({ table, values }) => {
    for (const row of values) rows.push({ table, columns: row.split('\t').length });
    return Promise.resolve();
  });
  collector = await startCollector(options(directory, { storage, log: (entry) => void lines.push(entry) }));
  expect((await post(collector.url, await seal(content, { raw: encode(wire), plain: true }))).status).toBe(204);
  expect((await post(collector.url, await seal(content))).status).toBe(204);
  await collector.drained();
  const metrics = await (await fetch(`${collector.url}/metrics`)).text();
  expect(metrics).toContain('outcry_unknown_fields_total 3');
  expect(lines.find(({ message }) => message.includes('newer than this collector'))).toMatchObject({ level: 'info', values: 3 });
  // The rows of the newer one are as wide as those of the other.
  expect(rows.map(({ table }) => table).sort()).toEqual(['attempts', 'attempts', 'reports', 'reports']);
  for (const table of ['reports', 'attempts']) {
    expect(new Set(rows.filter((row) => row.table === table).map(({ columns }) => columns)).size).toBe(1);
  }
});
