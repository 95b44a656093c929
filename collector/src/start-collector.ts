/** A collector, composed: network labels, journal, intake, drainer, server. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { insertEncoded } from '@outcry/storage';
import { loadRecipientKeys } from '@outcry/protocol/open';
import { OutcryError } from '@outcry/protocol';
import { startDrainer } from './drain/drainer.js';
import { createApp } from './http/app.js';
import { reportsRoute } from './http/reports-route.js';
import { listen } from './http/server.js';
import { clockOffsets } from './intake/clock-offsets.js';
import { prefixLimits } from './intake/prefix-limits.js';
import { intake } from './intake/receive.js';
import { registryOf } from './intake/registry.js';
import { releaseCap } from './intake/release-cap.js';
import { diskRoom } from './journal/disk-room.js';
import { openJournal, type Journal, type JournalOptions } from './journal/journal.js';
import { DEFAULT_LIMITS } from './limits.js';
import { logToStdout, sparingly } from './log.js';
import { createMetrics } from './metrics.js';
import { loadLabels } from './network/label.js';
import { senderOf, trustedProxies } from './network/sender.js';
import { checkOptions, isLoopback, type CollectorOptions } from './options.js';
import { ROW_COLUMNS } from './rows.js';

export interface Collector {
  readonly url: string;
  readonly port: number;
  /** Resolves when nothing waits for storage. */
  drained(): Promise<void>;
  /**
   * `/readyz` turns 503 and uploads are refused, uploads in work finish, the journal is drained for a bounded time and closed.
   * What is left in it is inserted by the next start. Called twice, it closes once.
   */
  close(): Promise<void>;
}

/** Parts that a test may replace. */
export type CollectorParts = Pick<JournalOptions, 'flush'>;

const FORGET_EVERY_MS = 3_600_000;
const LOOPBACK = '127.0.0.1';

async function openOrExplain(dataDir: string, options: JournalOptions): Promise<Journal> {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return await openJournal(join(dataDir, 'journal', 'journal.lmdb'), options);
  } catch (error) {
    throw new OutcryError('OUTCRY_DATA_DIR', error instanceof Error && 'code' in error ? String(error.code) : undefined);
  }
}

/**
 * Starts a collector. Storage need not be there: uploads wait in the journal.
 *
 * Throws `OUTCRY_BAD_CONFIG` naming every wrong option, `OUTCRY_KEY_ID_CLASH`, `OUTCRY_BAD_PUBLIC_KEY`, `OUTCRY_PORT_TAKEN`,
 * `OUTCRY_DATA_DIR`. Source: docs/reference/collector.md.
 */
export async function startCollector(options: CollectorOptions, { flush }: CollectorParts = {}): Promise<Collector> {
  checkOptions(options);
  const { name, dataDir, projects, storage, tls, now = Date.now } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const log = sparingly(options.log ?? logToStdout);
  const keys = loadRecipientKeys(options.keys);
  const trusted = trustedProxies(options.trustProxy ?? []);
  const host = tls === undefined && !isLoopback(options.host) ? LOOPBACK : options.host;
  if (host !== options.host) log({ level: 'warn', message: 'without TLS the collector binds to loopback only', host });

  const { journalEntries: maxEntries, journalBytes: maxBytes } = limits;
  const journal = await openOrExplain(dataDir, { maxEntries, maxBytes, now, ...(flush === undefined ? {} : { flush }) });
  const hasDiskRoom = diskRoom(dataDir, limits.minFreeBytes);
  const hasRoom = (): boolean => hasDiskRoom() && !journal.isFull();
  let stopping = false;

  try {
    await journal.forgetOldDays();
    const sender = senderOf(trusted, await loadLabels(dataDir));
    const metrics = createMetrics(
      () => journal.usage(),
      () => route.inWork(),
    );
    const drainer = startDrainer({
      journal,
      collector: name,
      insert: (table, rows, token) => insertEncoded(storage, table, ROW_COLUMNS[table], rows.text, token),
      metrics,
      log,
      batchRows: limits.batchRows,
      batchAfterMs: limits.batchAfterMs,
      retryCapMs: limits.retryCapMs,
    });
    const receive = intake({
      keys,
      limits: prefixLimits(limits),
      registry: registryOf(projects),
      capRelease: releaseCap(limits.releasesPerDay),
      offsets: clockOffsets(limits.clockOffsets),
      journal,
      maxVerifying: limits.verifying,
      hasRoom,
      now,
      onJournalError: () => log({ level: 'error', message: 'the journal cannot be written; is the disk full?' }),
    });
    const isStopping = (): boolean => stopping;
    const onStored = (rows: number): void => drainer.wake(rows);
    const route = reportsRoute({ receive, senderOf: sender, metrics, maxInWork: limits.uploadsInWork, isStopping, onStored, log });
    const notReady = (): 'stopping' | 'journal_full' | undefined => (stopping ? 'stopping' : hasRoom() ? undefined : 'journal_full');
    const app = createApp({ metrics, senderOf: sender, now, notReady });

    const forget = setInterval(
      () => void journal.forgetOldDays().catch(() => log({ level: 'warn', message: 'old days cannot be dropped' })),
      FORGET_EVERY_MS,
    );
    forget.unref();

    const server = await listen(
      (request, response) => {
        const { url } = request;
        if (url === '/v1/reports' || url?.startsWith('/v1/reports?') === true) route.handle(request, response);
        else app(request, response);
      },
      { host, port: options.port, tls, headersTimeoutMs: limits.headersTimeoutMs, requestTimeoutMs: limits.requestTimeoutMs, log },
    ).catch(async (error: unknown) => {
      clearInterval(forget);
      await drainer.close(0);
      throw error;
    });
    log({ level: 'info', message: 'collector listens', collector: name, url: server.url, tls: tls !== undefined });

    const close = async (): Promise<void> => {
      stopping = true;
      clearInterval(forget);
      const grace = new Promise((resolve) => setTimeout(resolve, limits.closeAfterMs).unref());
      await Promise.race([route.idle(), grace]);
      await drainer.close(limits.closeAfterMs);
      await server.close(Math.min(500, limits.closeAfterMs));
      const entriesLeft = journal.usage().entries;
      await journal.close();
      log({ level: 'info', message: 'collector stopped', collector: name, entriesLeft });
    };
    let closing: Promise<void> | undefined;
    return { url: server.url, port: server.port, drained: () => drainer.drained(), close: () => (closing ??= close()) };
  } catch (error) {
    await journal.close();
    throw error;
  }
}
