/**
 * From the journal to storage, one batch after the other. A batch is cut and committed, its tables inserted under the tokens
 * `<journal id>:<batch number>:<table>`, and only then removed. Storage may be away for as long as the journal has room.
 */
import type { RowTable } from '@outcry/storage';
import type { JournalEntry } from '../journal/entry.js';
import { noRoom, quiet } from '../journal/commits.js';
import type { Journal } from '../journal/journal.js';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import { noRows, ROW_COLUMNS, tryAddRows, type TableRows } from '../rows.js';
import type { RowText } from '../row-text.js';
import { cutBatch, markDone, quarantineEntries, removeBatch, unfinishedBatch, type Batch } from './batch.js';
import { codeOf } from './classify.js';
import { insertOrBisect, SchemaSuspected } from './insert-rows.js';
import { drainLease, type Lease } from './lease.js';

export interface DrainerParts {
  readonly journal: Journal;
  readonly collector: string;
  /** `rows` have the columns of `ROW_COLUMNS`. */
  readonly insert: (table: RowTable, rows: RowText, token: string) => Promise<void>;
  readonly metrics: Pick<Metrics, 'insertSeconds' | 'insertedRows' | 'drainFailures' | 'quarantinedRows' | 'reportAgeSeconds'>;
  readonly log: Log;
  readonly batchRows: number;
  readonly batchAfterMs: number;
  readonly retryCapMs: number;
  readonly random?: () => number;
  readonly now?: () => number;
  readonly lease?: Lease;
}

export interface Drainer {
  /** Rows were journaled. */
  wake(rows: number): void;
  /** Resolves when nothing waits for storage. */
  drained(): Promise<void>;
  /** Goes on until the queue is empty or the time is over, then stops; a batch under way is finished by the next start. */
  close(graceMs: number): Promise<void>;
}

const RETRY_BASE_MS = 250;
/** How often a drainer looks at the lease of another, and at the queue for entries of another: nothing wakes it for either. */
const LOOK_EVERY_MS = 500;
/** The same while somebody waits for the queue to be empty. */
const LOOK_IN_HURRY_MS = 50;
/** What an insert under way gets when the time for closing is over. */
const ABANDON_MS = 500;
/** Entries turned into rows before uploads get their turn again. */
const SLICE = 200;

const UNREADABLE = 'entries of the journal cannot be read; they are in quarantine';

const FAILURES = {
  schema: 'storage refuses every row; its schema may be older than the collector',
  unavailable: 'storage does not take rows; trying again',
  journal: 'the journal cannot be read or written by the drainer; trying again',
} as const;

const TABLES: readonly RowTable[] = ['reports', 'dev_reports', 'attempts', 'deliveries', 'losses', 'consent_counts'];

/** A row as people read it, by name. */
function namedRow(table: RowTable, rows: RowText, index: number): Record<string, string | undefined> {
  const values = rows.values(index);
  return Object.fromEntries(ROW_COLUMNS[table].map((name, place) => [name, values[place]]));
}

export function startDrainer(parts: DrainerParts): Drainer {
  const { journal, collector, insert, metrics, log, batchRows, batchAfterMs, retryCapMs, random = Math.random, now = Date.now } = parts;
  const lease = parts.lease ?? drainLease(journal);
  let pendingRows = 0;
  let wasFull = false;
  let hurry = 0;
  const state = { stopping: false, abandoned: false };
  const isStopping = (): boolean => state.stopping;
  let interrupt: (() => void) | undefined;
  let isWakeable = false;
  let onDrained: (() => void)[] = [];
  let insertFailure: unknown;

  /** Sleeps; `interrupt` ends it early, `wake` only where it may: new uploads do not shorten the wait for a storage that is away. */
  const sleep = (ms: number, wakeable: boolean): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(end, ms);
      function end(): void {
        clearTimeout(timer);
        interrupt = undefined;
        resolve();
      }
      interrupt = end;
      isWakeable = wakeable;
    });

  /** After waiting for storage the journal may have been closed; nothing may touch it then. */
  const stillOurs = (): void => {
    if (state.abandoned) throw new Error('closed');
  };

  const rowsOf = async (batch: Batch): Promise<TableRows> => {
    const rows = noRows();
    const damaged: JournalEntry[] = [];
    for (const [index, entry] of batch.entries.entries()) {
      if (index % SLICE === SLICE - 1) await new Promise(setImmediate);
      if (!tryAddRows(rows, entry, collector)) damaged.push(entry);
    }
    if (damaged.length > 0) {
      stillOurs();
      await quarantineEntries(journal, damaged);
      log({ level: 'error', message: UNREADABLE, entries: damaged.length });
    }
    return rows;
  };

  const insertTable = async (table: RowTable, rows: RowText, token: string): Promise<number[]> =>
    insertOrBisect(
      async (part, name) => {
        const observe = metrics.insertSeconds.startTimer({ table });
        await insert(table, part, name).catch((error: unknown) => {
          insertFailure = error;
          throw error;
        });
        observe();
        metrics.insertedRows.inc({ table }, part.length);
      },
      rows,
      token,
    );

  const deliver = async (first: Batch): Promise<void> => {
    let batch = first;
    const { tables, latenessS } = await rowsOf(batch);
    for (const table of TABLES) {
      const rows = tables[table];
      if (rows.length === 0 || batch.done.includes(table)) continue;
      const token = `${journal.id}:${batch.number}:${table}`;
      const refused = await insertTable(table, rows, token);
      stillOurs();
      if (refused.length > 0) {
        metrics.quarantinedRows.inc(refused.length);
        metrics.drainFailures.inc({ reason: 'refused' }, refused.length);
        log({ level: 'error', message: 'storage refused rows; they are in quarantine', table, rows: refused.length });
      }
      batch = await markDone(
        journal,
        batch,
        table,
        refused.map((index) => ({ table, token, row: namedRow(table, rows, index), atMs: now() })),
      );
    }
    for (const seconds of latenessS) metrics.reportAgeSeconds.observe(seconds);
    await removeBatch(journal, batch);
    if (batch.unreadable.size > 0) log({ level: 'error', message: UNREADABLE, entries: batch.unreadable.size });
  };

  const tellDrained = (): void => {
    for (const resolve of onDrained) resolve();
    onDrained = [];
  };

  const isQueueEmpty = (): boolean => [...journal.environment.queue.getKeys({ limit: 1 })].length === 0;
  const look = (wakeable: boolean): Promise<void> => sleep(hurry > 0 ? LOOK_IN_HURRY_MS : LOOK_EVERY_MS, wakeable);

  /** One round: a batch, if there is one. Resolves to false when there is nothing to do. */
  const round = async (): Promise<boolean> => {
    let batch = unfinishedBatch(journal);
    if (batch === undefined) {
      if (isQueueEmpty()) return false;
      // After a full batch the rest is not waited for: a backlog goes out as fast as storage takes it.
      if (!wasFull && pendingRows < batchRows && hurry === 0) await sleep(batchAfterMs, true);
      pendingRows = 0;
      batch = await cutBatch(journal, lease, batchRows * 2);
      wasFull = batch?.isFull ?? false;
    }
    if (batch !== undefined) await deliver(batch);
    return true;
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    while (!isStopping()) {
      try {
        if (!journal.commits.isSound()) {
          await look(false);
          continue;
        }
        if (!journal.canWrite()) throw noRoom();
        if (!(await lease.hold())) {
          // Another one drains; whoever waits here waits for its work.
          if (isQueueEmpty()) tellDrained();
          await look(false);
          continue;
        }
        const worked = await round();
        failures = 0;
        if (worked) continue;
        tellDrained();
        if (!isStopping()) await look(true);
      } catch (error) {
        quiet(error);
        if (state.abandoned) return;
        failures += 1;
        const reason = error instanceof SchemaSuspected ? 'schema' : error === insertFailure ? 'unavailable' : 'journal';
        metrics.drainFailures.inc({ reason });
        log({ level: reason === 'unavailable' ? 'warn' : 'error', message: FAILURES[reason], code: codeOf(error), failures });
        const ceilingMs = Math.min(retryCapMs, RETRY_BASE_MS * 2 ** Math.min(failures, 16));
        // Never less than a tenth, so that full jitter cannot become a busy loop.
        if (!isStopping()) await sleep(ceilingMs * (0.1 + 0.9 * random()), false);
      }
    }
  };

  const running = run();
  return {
    wake(rows) {
      pendingRows += rows;
      // Sleeping between an empty queue and the next look; the wait for a fuller batch goes on in `round`.
      if (isWakeable && (pendingRows === rows || pendingRows >= batchRows)) interrupt?.();
    },
    async drained() {
      hurry += 1;
      const empty = new Promise<void>((resolve) => onDrained.push(resolve));
      interrupt?.();
      await empty;
      hurry -= 1;
    },
    async close(graceMs) {
      let timer: NodeJS.Timeout | undefined;
      const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)));
      await Promise.race([this.drained(), over]);
      clearTimeout(timer);
      state.stopping = true;
      interrupt?.();
      // An insert under way may hang for as long as storage likes. It is left alone then: the next start repeats it under its token.
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, ABANDON_MS).unref())]);
      state.abandoned = true;
      // The lease of a process that ended is free, so a disk that is full or failing is left alone.
      if (journal.canWrite() && journal.commits.isSound()) await lease.release().catch(quiet);
    },
  };
}
