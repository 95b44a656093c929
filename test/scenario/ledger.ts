/** What a test has sent and what was acknowledged, and the checks that hold storage to it: at any moment, and exactly at the end. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { dedupKey, reportId } from '@outcry/protocol/open';
import { openEnvironment } from '../../collector/src/journal/environment.js';
import { unpackEntry } from '../../collector/src/journal/entry.js';
import { isRunning } from '../kill.js';
import { attempts, body, failure, HOST, newSigner, seal, type SealChange } from '../unit/collector/sealed.js';
import { eventually } from './eventually.js';

const FAILURES = 3;
const ATTEMPTS = 4;
const BINS = 6;
const SIGNERS = 40;

export interface Sent {
  readonly bytes: Buffer;
  readonly dedup: string;
  readonly reportIds: readonly string[];
  readonly attemptId: string;
  readonly signer: number;
  readonly kind: 'routing' | 'dns';
  /** When its failures happened, s. */
  readonly atS: number;
  readonly binS: number;
  readonly made: number;
  readonly failed: number;
}

/** Asks storage; every query is one that may be asked again. */
export type Ask = <T>(query: string) => Promise<T[]>;

export class Ledger {
  readonly sent: Sent[] = [];
  readonly acknowledged = new Set<string>();
  private readonly signers = Promise.all(Array.from({ length: SIGNERS }, newSigner));
  private readonly nowMs: number;
  private readonly random: () => number;

  constructor(random: () => number, nowMs: number = Date.now()) {
    this.random = random;
    this.nowMs = nowMs;
  }

  pick(count: number): number {
    return Math.floor(this.random() * count);
  }

  /** Seals one more envelope: one to three failures of one kind, and a bin of attempts. */
  async make(change: SealChange = {}): Promise<Sent> {
    const nowMs = change.nowMs ?? this.nowMs;
    const [signer, kind] = [this.pick(SIGNERS), this.random() < 0.5 ? ('routing' as const) : ('dns' as const)];
    const atS = Math.floor(nowMs / 10_000) * 10 - 900 + 10 * this.pick(BINS);
    const binS = Math.floor(nowMs / 300_000) * 300 - 1_800 + 300 * this.pick(3);
    const [count, made, failed] = [1 + this.pick(3), 5 + this.pick(20), this.pick(5)];
    const type = kind === 'dns' ? ('dns.name_not_resolved' as const) : ('tcp.timed_out' as const);
    const one = failure({ occurred_at: atS, kind, type, phase: kind === 'dns' ? 'dns' : 'connection' });
    const content = body({
      failures: Array.from({ length: count }, () => one),
      attempts: [attempts({ bin_start: binS, made, failed, succeeded: made - failed })],
    });
    const key = (await this.signers)[signer];
    const bytes = await seal(content, { ...change, nowMs, ...(key && { signer: key }) });
    const dedup = dedupKey(bytes);
    const sent = {
      bytes,
      dedup: dedup.toString('hex'),
      reportIds: Array.from({ length: count }, (_, index) => reportId(dedup, FAILURES, index).toString()),
      attemptId: reportId(dedup, ATTEMPTS, 0).toString(),
      signer,
      kind,
      atS,
      binS,
      made,
      failed,
    };
    this.sent.push(sent);
    return sent;
  }

  /**
   * Acknowledged ⊆ stored (journal ∪ tables) ⊆ sent, and nothing twice; holds at any moment. The journals are read first: what is in
   * none of them any more is in the tables by then.
   *
   * @param dataDirs - of the collectors.
   */
  async expectHonest(dataDirs: readonly string[], ask: Ask): Promise<void> {
    const acknowledged = new Set(this.acknowledged);
    const journaled = new Set<string>();
    for (const dataDir of dataDirs) for (const dedup of await inJournal(dataDir)) journaled.add(dedup);
    const reports = (await ask<{ id: string }>('SELECT toString(report_id) AS id FROM reports FINAL')).map(({ id }) => id);
    const bins = (await ask<{ id: string }>('SELECT toString(attempt_id) AS id FROM attempts FINAL')).map(({ id }) => id);
    const stored = new Set([...reports, ...bins]);
    expect(stored.size, 'rows that are stored twice').toBe(reports.length + bins.length);
    const known = new Map(this.sent.map((sent) => [sent.dedup, sent]));
    const ids = new Set(this.sent.flatMap(({ reportIds, attemptId }) => [...reportIds, attemptId]));
    expect(
      [...journaled].filter((dedup) => !known.has(dedup)),
      'journaled but never sent',
    ).toEqual([]);
    expect(
      [...stored].filter((id) => !ids.has(id)),
      'stored but never sent',
    ).toEqual([]);
    const isStored = ({ dedup, reportIds, attemptId }: Sent): boolean =>
      journaled.has(dedup) || [...reportIds, attemptId].every((id) => stored.has(id));
    const lost = [...acknowledged].filter((dedup) => {
      const sent = known.get(dedup);
      return sent === undefined || !isStored(sent);
    });
    expect(lost, 'acknowledged but neither in a journal nor in storage').toEqual([]);
  }

  /** Every row that was sent is in storage, once. */
  async expectRows(ask: Ask): Promise<void> {
    const ids = this.sent.flatMap(({ reportIds }) => reportIds).sort();
    expect((await ask<{ id: string }>('SELECT DISTINCT toString(report_id) AS id FROM reports ORDER BY id')).map(({ id }) => id)).toEqual(
      ids,
    );
    expect(await ask('SELECT toUInt32(count()) AS n, toUInt32(sum(count)) AS repeats FROM reports FINAL')).toEqual([
      { n: ids.length, repeats: ids.length },
    ]);
    const sumOf = (value: (sent: Sent) => number): number => this.sent.reduce((sum, sent) => sum + value(sent), 0);
    expect(
      await ask('SELECT toUInt32(count()) AS bins, toUInt32(sum(made)) AS made, toUInt32(sum(failed)) AS failed FROM attempts FINAL'),
    ).toEqual([{ bins: this.sent.length, made: sumOf(({ made }) => made), failed: sumOf(({ failed }) => failed) }]);
  }

  /** Every count that can be read equals what was sent: rows, all rollups by both clocks, and the analyzer's answer. */
  async expectExact(ask: Ask, analyzerUrl: string): Promise<void> {
    await this.expectRows(ask);
    const sent = this.sent.reduce((sum, { reportIds }) => sum + reportIds.length, 0);
    for (const [table, widthS] of [
      ['rollup_10s', 10],
      ['rollup_1m', 60],
      ['rollup_1h', 3_600],
    ] as const) {
      const expected = new Map<string, number>();
      for (const { kind, atS, reportIds } of this.sent) {
        const cell = `${kind} ${Math.floor(atS / widthS) * widthS}`;
        expected.set(cell, (expected.get(cell) ?? 0) + reportIds.length);
      }
      const rows = await ask<{ cell: string; n: number }>(
        `SELECT concat(kind, ' ', toString(toUnixTimestamp(bucket))) AS cell, toUInt32(sum(failures)) AS n FROM ${table} FINAL WHERE clock = 'event' GROUP BY cell`,
      );
      expect(new Map(rows.map(({ cell, n }) => [cell, n])), table).toEqual(expected);
      expect(
        await ask(`SELECT toUInt32(sum(failures)) AS n, toFloat64(sum(weight)) AS w FROM ${table} FINAL WHERE clock = 'arrival'`),
      ).toEqual([{ n: sent, w: sent }]);
    }
    for (const kind of ['routing', 'dns'] as const) await this.expectAnswer(kind, analyzerUrl);
  }

  private async expectAnswer(kind: Sent['kind'], analyzerUrl: string): Promise<void> {
    const clients = new Map<number, Set<number>>();
    for (const sent of this.sent) {
      if (sent.kind !== kind) continue;
      const bin = clients.get(sent.atS) ?? new Set();
      clients.set(sent.atS, bin.add(sent.signer));
    }
    const from = new Date((Math.min(...clients.keys()) - 10) * 1000).toISOString();
    const to = new Date((Math.max(...clients.keys()) + 60) * 1000).toISOString();
    const query = new URLSearchParams({ project: 'shop', host: HOST, kind, from, to });
    const answer = (await (await fetch(`${analyzerUrl}/api/v1/series?${query.toString()}`)).json()) as {
      bins: { start: string; clients_text: string }[];
    };
    const said = new Map(answer.bins.map(({ start, clients_text: text }) => [Date.parse(start) / 1000, text]));
    // A project's own series is exact from 5 clients on.
    for (const [bin, { size }] of clients) expect(said.get(bin), `${kind} at ${bin}`).toBe(size < 5 ? '< 5' : String(size));
    const others = [...said].filter(([bin, text]) => !clients.has(bin) && text !== '0');
    expect(others, `${kind}: bins with clients that nobody sent`).toEqual([]);
  }
}

/** Dedup keys of the envelopes that wait in a collector's journal; none where there is no journal yet. */
export async function inJournal(dataDir: string): Promise<string[]> {
  const environment = openEnvironment(journalOf(dataDir));
  const dedups = [...environment.queue.getRange({})].map(({ value }) => Buffer.from(unpackEntry(value).dedup).toString('hex'));
  const unreadable = environment.quarantine.getCount();
  await environment.root.close();
  expect(unreadable, 'entries in quarantine').toBe(0);
  return dedups;
}

export const journalOf = (dataDir: string): string => join(dataDir, 'journal', 'journal.lmdb');

/** The process that drains a collector's journal, as the journal says; it may have ended. Undefined for none. */
export async function drainerOf(dataDir: string): Promise<number | undefined> {
  const environment = openEnvironment(journalOf(dataDir));
  const bytes = environment.meta.get('drainer');
  await environment.root.close();
  return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as { pid: number }).pid;
}

/** Waits until a process that runs drains the journal: after a kill, nobody does for a moment. */
export async function livingDrainerOf(dataDir: string): Promise<number | undefined> {
  let pid: number | undefined;
  await eventually(async () => {
    pid = await drainerOf(dataDir);
    expect(pid !== undefined && isRunning(pid), 'somebody drains the journal').toBe(true);
  });
  return pid;
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
