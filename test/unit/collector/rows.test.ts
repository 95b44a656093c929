import { describe, expect, it } from 'vitest';
import { packEntry, rowCount, unpackEntry, type JournalEntry } from '../../../collector/src/journal/entry.js';
import { addRows, eventTime, noRows, type TableRows } from '../../../collector/src/rows.js';
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
const entry = (change: Partial<JournalEntry> = {}): JournalEntry => ({
  receivedAtS: T + 7,
  sealedDay: 20_775,
  dedup: Buffer.alloc(16, 3),
  signer: 2n ** 64n - 1n,
  network: 'AS3320/DE',
  country: 'DE',
  offsetS: null,
  development: false,
  body: whole,
  ...change,
});
const rowsOf = (change: Partial<JournalEntry> = {}): TableRows => {
  const rows = noRows();
  addRows(rows, unpackEntry(packEntry(entry(change))), 'c1');
  return rows;
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

  it('tell our collector from the one that took an earlier envelope', () => {
    expect(rows.deliveries[0]).toMatchObject({ collector: 'c1', delivered_to: 'c2.example.org', failed_collectors: ['c1.example.net'] });
  });

  it('are only failures, in dev_reports, for a development project', () => {
    const dev = rowsOf({ development: true });
    expect(dev.dev_reports).toHaveLength(2);
    expect({ ...dev, dev_reports: [] }).toEqual(noRows());
  });

  it('are as many as the entry says', () => {
    const count = (change: Partial<JournalEntry>): number => rowCount(unpackEntry(packEntry(entry(change))));
    expect(count({})).toBe(6);
    expect(count({ development: true })).toBe(2);
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
    bytes[1] = 2;
    expect(() => unpackEntry(bytes)).toThrow('version 2');
  });
});
