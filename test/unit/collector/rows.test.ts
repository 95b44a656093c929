import { describe, expect, it } from 'vitest';
import { skimBody } from '@outcry/protocol/open';
import { encodeBody, type ReportBody } from '@outcry/protocol';
import { packEntry, unpackEntry, type JournalEntry } from '../../../collector/src/journal/entry.js';
import { addRows, eventTime, noRows, ROW_COLUMNS } from '../../../collector/src/rows.js';
import { COLUMNS } from '../../../storage/src/columns.js';
import { reportId } from '@outcry/protocol/open';
import { attempts, body, context, failure } from './sealed.js';

const T = 1_795_000_010;
const whole = body({
  context: context(),
  failures: [failure({ occurred_at: T - 20, sampling_ppm: 250_000 }), failure({ occurred_at: T - 30, route: null })],
  attempts: [attempts({ bin_start: Math.floor(T / 300) * 300 - 300, panel_ppm: 500_000 })],
  deliveries: [{ sent_at: T - 5, collector: 'c2.example.org', failed_collectors: ['c1.example.net'], tries: '2-9', later_retry: 'worked' }],
  losses: [{ reason: 'queue_full', bucket: '2-9' }],
  consents: [{ text: 'v3', text_hash: '', method: 'dialog', granted_day: 20_000 }],
});
const entry = (change: Partial<JournalEntry> = {}, content: ReportBody = whole): JournalEntry => ({
  receivedAtS: T + 7,
  sealedDay: 20_775,
  dedup: Buffer.alloc(16, 3),
  signer: 2n ** 64n - 1n,
  network: 'AS3320/DE',
  country: 'DE',
  offsetS: null,
  development: false,
  crowd: 'few',
  rows: 6,
  body: encodeBody(content),
  ...change,
});
/** A value as a column of its type holds it. */
function valueOf(text: string, type: string): unknown {
  if (type === 'Bool') return text === 'true';
  if (type.startsWith('Array')) return text === '[]' ? [] : text.slice(2, -2).split("','");
  return /^(UInt(8|16|32)|Float64|DateTime)/.test(type) ? Number(text) : text;
}
const TABLES = ['reports', 'dev_reports', 'attempts', 'deliveries', 'losses', 'consent_counts'] as const;
type Row = Record<string, unknown>;
const rowsOf = (change: Partial<JournalEntry> = {}, content: ReportBody = whole) => {
  const rows = noRows();
  addRows(rows, unpackEntry(packEntry(entry(change, content))), 'c1');
  const named = TABLES.map((table): [string, Row[]] => {
    const types = new Map(COLUMNS[table].map(({ name, type }) => [name, type]));
    const text = rows.tables[table];
    const all = Array.from({ length: text.length }, (_, index) =>
      Object.fromEntries(ROW_COLUMNS[table].map((name, place) => [name, valueOf(text.values(index)[place] ?? '?', types.get(name) ?? '')])),
    );
    return [table, all];
  });
  return Object.fromEntries(named) as Record<(typeof TABLES)[number], Row[]>;
};

describe('the rows of an entry', () => {
  const rows = rowsOf();

  it('have exactly the columns that storage inserts, in every table', () => {
    for (const table of ['reports', 'attempts', 'deliveries', 'losses', 'consent_counts'] as const) {
      expect(rows[table].length).toBeGreaterThan(0);
      for (const row of rows[table]) expect(Object.keys(row).sort()).toEqual(COLUMNS[table].map(({ name }) => name).sort());
    }
  });

  it('say when and where the envelope arrived, to 10 s', () => {
    expect(rows.reports[0]).toMatchObject({
      received_at: T,
      collector: 'c1',
      sealed_day: 20_775,
      network: 'AS3320/DE',
      country: 'DE',
      signer: '18446744073709551615',
      event_time: T - 20,
      time_trust: 'device',
      lateness_s: 20,
      weight: 4,
      report_id: reportId(Buffer.alloc(16, 3), 3, 0).toString(),
    });
    expect(rows.attempts[0]).toMatchObject({ weight: 2, attempt_id: reportId(Buffer.alloc(16, 3), 4, 0).toString() });
  });

  it('say how the signer stood in its prefix, of failures only', () => {
    for (const crowd of ['', 'first', 'few', 'many'] as const)
      expect(rowsOf({ crowd }).reports.map((row) => row['crowd'])).toEqual([crowd, crowd]);
    expect(rowsOf({ crowd: 'many', development: true, offsetS: 3 }).dev_reports[0]).toMatchObject({ crowd: 'many' });
    expect(rows.attempts[0]).not.toHaveProperty('crowd');
  });

  it('tell our collector from the one that took an earlier envelope', () => {
    expect(rows.deliveries[0]).toMatchObject({ collector: 'c1', delivered_to: 'c2.example.org', failed_collectors: ['c1.example.net'] });
  });

  it('are only failures, in dev_reports, for a development project', () => {
    const dev = rowsOf({ development: true });
    expect(dev.dev_reports).toHaveLength(2);
    for (const table of TABLES) if (table !== 'dev_reports') expect(dev[table]).toEqual([]);
  });

  it('are as many as the facts of the body say', () => {
    const facts = skimBody(encodeBody(whole));
    expect(facts).toMatchObject({ failures: 2, others: 4 });
    expect(TABLES.reduce((sum, table) => sum + rows[table].length, 0)).toBe(6);
  });

  it('hold every value that the agent sent, in every table', () => {
    const sent: [keyof typeof rows, object][] = [
      ['reports', { ...whole.context, ...whole.failures[0] }],
      ['reports', { ...whole.failures[1], route: '' }],
      ['attempts', whole.attempts[0] ?? {}],
      ['losses', whole.losses[0] ?? {}],
      ['consent_counts', whole.consents[0] ?? {}],
    ];
    for (const [table, values] of sent) expect(rows[table]).toContainEqual(expect.objectContaining(values));
  });

  it('hold numbers and lists of any length', () => {
    const numbers = [0, 9, 10, 99, 100, 4_294_967_295];
    const failures = numbers.map((claimed_asn) => failure({ claimed_asn }));
    const hosts = Array.from({ length: 8 }, (_, index) => `${'c'.repeat(60)}${index}.example`);
    const lists = [[], ...hosts.map((_, index) => hosts.slice(0, index + 1))];
    const deliveries = lists.map((failed_collectors) => ({
      sent_at: T,
      collector: 'c.example',
      failed_collectors,
      tries: '1' as const,
      later_retry: 'unknown' as const,
    }));
    const long = rowsOf({}, body({ failures, deliveries }));
    expect(long.reports.map((row) => row['claimed_asn'])).toEqual(numbers);
    expect(long.deliveries.map((row) => row['failed_collectors'])).toEqual(lists);
  });

  it('are the same on every reading', () => expect(rowsOf()).toEqual(rowsOf()));
});

describe('eventTime', () => {
  it('trusts a device whose clock nothing is known of, within bounds', () => {
    expect(eventTime(T, null, T, 10)).toEqual({ eventTimeS: T, trust: 'device' });
    expect(eventTime(T + 300, null, T, 10).trust).toBe('device');
    expect(eventTime(T + 310, null, T, 10)).toEqual({ eventTimeS: T, trust: 'arrival' });
    expect(eventTime(T - 8 * 86_400, null, T, 10).trust).toBe('device');
    expect(eventTime(T - 8 * 86_400 - 10, null, T, 10)).toEqual({ eventTimeS: T, trust: 'arrival' });
  });

  it('corrects a clock that is known to be off, before the bounds', () => {
    expect(eventTime(T - 7200, 7200, T, 10)).toEqual({ eventTimeS: T, trust: 'corrected' });
    expect(eventTime(T + 7200, -7200, T, 10)).toEqual({ eventTimeS: T, trust: 'corrected' });
    expect(eventTime(T, 0, T, 10).trust).toBe('device');
  });

  it('keeps bins of attempts whole: a small offset does not move them into the next bin', () => {
    const bin = Math.floor(T / 300) * 300;
    expect(eventTime(bin, -47, T, 300).eventTimeS).toBe(bin);
    expect(eventTime(bin, 47, T, 300).eventTimeS).toBe(bin);
  });
});

describe('a journal entry', () => {
  it('refuses bytes of another version', () => {
    const bytes = packEntry(entry());
    bytes[0] = 1;
    expect(() => unpackEntry(bytes)).toThrow('version 1');
  });

  it('is read back as it was written', () => {
    for (const offsetS of [null, 0, -4_000_000_000]) {
      const written = entry({ offsetS, development: offsetS === 0, body: Buffer.from('body') });
      expect(unpackEntry(packEntry(written))).toEqual({ ...written, dedup: Buffer.alloc(16, 3) });
    }
  });
});
