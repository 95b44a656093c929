/** A collector, composed: network labels, journal, intake, drainer, server. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { insertEncoded } from '@outcry/storage';
import { loadRecipientKeys } from '@outcry/protocol/open';
import { OutcryError } from '@outcry/protocol';
import type { Registry } from 'prom-client';
import { startDrainer } from './drain/drainer.js';
import { agentConfigs } from './http/agent-configs.js';
import { createApp, type AppParts } from './http/app.js';
import { nelRoute } from './http/nel-route.js';
import { reportsRoute } from './http/reports-route.js';
import { listen } from './http/server.js';
import { clockOffsets } from './intake/clock-offsets.js';
import { crowds, type CrowdOf } from './intake/crowds.js';
import { journalRefusal } from './intake/journal-refusal.js';
import { intake } from './intake/receive.js';
import { registryOf } from './intake/registry.js';
import { releaseCap } from './intake/release-cap.js';
import { senderLimits } from './intake/sender-limits.js';
import { claimJournal, newClaimant, type Claim, type Claimant } from './journal/claim.js';
import { quiet } from './journal/commits.js';
import { diskRoom } from './journal/disk-room.js';
import { openJournal, type Journal, type JournalOptions } from './journal/journal.js';
import { DEFAULT_LIMITS } from './limits.js';
import { logToStdout, sparingly } from './log.js';
import { createMetrics } from './metrics.js';
import { nelClients } from './nel/clients.js';
import { nelIntake } from './nel/receive-nel.js';
import { nelRepeats } from './nel/repeats.js';
import { loadPlaces } from './network/label.js';
import { connectionPrefix, senderOf, trustedProxies, type Sender } from './network/sender.js';
import { checkOptions, isLoopback, type CollectorOptions } from './options.js';
import { ROW_COLUMNS } from './rows.js';

export interface Collector {
  readonly url: string;
  readonly port: number;
  /** Resolves when nothing waits for storage. */
  drained(): Promise<void>;
  /**
   * `/readyz` turns 503; after the stop delay uploads are refused, those in work finish, the journal is drained for a bounded time and closed.
   * What is left in it is inserted by the next start. Called twice, it closes once.
   */
  close(): Promise<void>;
}

/** What a worker brings with it, and a part that a test may replace. */
export interface CollectorParts extends Pick<JournalOptions, 'flush' | 'repairAfterMs'> {
  /** Whom the directory is claimed for; this collector without. */
  readonly claimant?: Claimant;
  readonly registry?: Registry;
  /** How failing clients stand in their prefixes, over all workers; this collector's own count without. */
  readonly crowdOf?: CrowdOf;
  /** Key of the prefix hash, at least 16 bytes; a random one without. */
  readonly prefixSecret?: Buffer;
  /** The text of `/metrics` of all workers. */
  readonly metricsText?: () => Promise<string>;
  /** How old the text of `/metrics` may be, in milliseconds. */
  readonly metricsAgeMs?: number;
}

const UNSAFE = 'the disk failed at a commit of the journal; uploads are refused until all of it is on the disk again';
const FORGET_EVERY_MS = 3_600_000;
/** Whoever asks for the metrics more often gets the same again. */
const METRICS_AGE_MS = 1_000;
const LOOPBACK = '127.0.0.1';
/** A NEL upload may be so many times as large as an envelope, so a part as many of them may be in work. */
const NEL_SIZE = 4;

/** lmdb's own codes are below −30,000; those of the system come as text from Node and as numbers from lmdb. */
function journalError(code: unknown): OutcryError {
  if (typeof code !== 'number') return new OutcryError('OUTCRY_DATA_DIR', typeof code === 'string' ? code : undefined);
  if (code < 0) return new OutcryError('OUTCRY_JOURNAL_DAMAGED', `lmdb ${code}`);
  return new OutcryError('OUTCRY_DATA_DIR', getSystemErrorName(-code));
}

async function openOrExplain(dataDir: string, options: JournalOptions): Promise<Journal> {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return await openJournal(join(dataDir, 'journal', 'journal.lmdb'), options);
  } catch (error) {
    if (error instanceof OutcryError) throw error;
    throw journalError(error instanceof Error && 'code' in error ? error.code : undefined);
  }
}

/**
 * Starts a collector. Storage need not be there: uploads wait in the journal.
 *
 * Throws `OUTCRY_BAD_CONFIG` naming every wrong option, `OUTCRY_KEY_ID_CLASH`, `OUTCRY_BAD_PUBLIC_KEY`, `OUTCRY_PORT_TAKEN`,
 * `OUTCRY_DATA_DIR`, `OUTCRY_JOURNAL_DAMAGED`, `OUTCRY_DATA_DIR_LOCKED` when another collector runs on the directory. Source: docs/reference/collector.md.
 */
export async function startCollector(options: CollectorOptions, parts: CollectorParts = {}): Promise<Collector> {
  checkOptions(options);
  const { flush, repairAfterMs, claimant = newClaimant(), registry, metricsText } = parts;
  const { name, dataDir, projects, storage, tls, now = Date.now } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const log = sparingly(options.log ?? logToStdout);
  const keys = loadRecipientKeys(options.keys);
  const trusted = trustedProxies(options.trustProxy ?? []);
  const host = tls === undefined && !isLoopback(options.host) ? LOOPBACK : options.host;
  if (host !== options.host) log({ level: 'warn', message: 'without TLS the collector binds to loopback only', host });

  const { journalEntries: maxEntries, journalBytes: maxBytes } = limits;
  const { hasRoom: hasDiskRoom, canWrite } = diskRoom(join(dataDir, 'journal'), limits.minFreeBytes);
  const journal = await openOrExplain(dataDir, {
    ...{ maxEntries, maxBytes, now, canWrite, repairAfterMs },
    ...(flush === undefined ? {} : { flush }),
    onFailed: (code) => log({ level: 'error', message: UNSAFE, code }),
    onRepaired: () => log({ level: 'info', message: 'all of the journal is on its disk again; uploads are taken' }),
  });
  const hasRoom = (): boolean => hasDiskRoom() && !journal.isFull();
  let stopping = false;
  let refusing = false;
  let claim: Claim | undefined;

  try {
    claim = await claimJournal(journal.environment, claimant);
    if (journal.commits.isSound()) await journal.forgetOldDays();
    const { prefixSecret } = parts;
    const sender = senderOf(trusted, await loadPlaces(dataDir), prefixSecret === undefined ? undefined : () => prefixSecret);
    const metrics = createMetrics(
      () => journal.usage(),
      () => route.inWork(),
      registry,
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
    const watched = registryOf(projects);
    const allowances = senderLimits(limits);
    const onJournalError = (): void => log({ level: 'error', message: 'the journal cannot be written; is the disk full?' });
    const receive = intake({
      keys,
      limits: allowances,
      registry: watched,
      capRelease: releaseCap(limits.releasesPerDay, journal),
      offsets: clockOffsets(limits.clockOffsets),
      crowdOf: parts.crowdOf ?? crowds(limits.prefixes),
      journal,
      maxVerifying: limits.verifying,
      hasRoom,
      now,
      onJournalError,
    });
    const nel = nelIntake({
      registry: watched,
      limits: allowances,
      repeats: nelRepeats(limits.nelRepeats),
      clients: nelClients(limits.prefixes),
      journal,
      hasRoom,
      now,
      onJournalError,
    });
    const isStopping = (): boolean => refusing;
    const onStored = (rows: number): void => drainer.wake(rows);
    const route = reportsRoute({
      receive,
      senderOf: sender,
      metrics,
      maxInWork: limits.uploadsInWork,
      maxInWorkPerPrefix: limits.uploadsInWorkPerPrefix,
      isStopping,
      onStored,
      log,
    });
    const notReady = (): ReturnType<AppParts['notReady']> => (stopping ? 'stopping' : journalRefusal(journal, hasRoom));
    const configs = agentConfigs(
      options.agentConfigDir ?? join(dataDir, 'agent-config'),
      (project) => Object.hasOwn(projects, project),
      log,
    );
    const browsers = nelRoute({
      intake: nel,
      senderOf: sender,
      metrics,
      maxInWork: Math.ceil(limits.uploadsInWork / NEL_SIZE),
      maxInWorkPerPrefix: Math.ceil(limits.uploadsInWorkPerPrefix / NEL_SIZE),
      isStopping,
      onStored,
      log,
    });
    // Counted apart from the uploads of the prefix: a flood of them must not hide what it does, nor looks take the place of uploads.
    const takeLook = ({ prefixKey }: Sender): number =>
      allowances.take({ prefixKey: `${prefixKey} metrics`, systemNumber: 0 }, undefined, now());
    const app = createApp({
      ...{ metrics, metricsText, metricsAgeMs: parts.metricsAgeMs ?? METRICS_AGE_MS, takeLook },
      ...{ senderOf: sender, now, agentConfigs: configs, notReady, nel: browsers },
    });

    const forget = setInterval(
      () => void journal.forgetOldDays().catch(() => log({ level: 'warn', message: 'old dedup keys cannot be removed' })),
      FORGET_EVERY_MS,
    );
    forget.unref();

    const server = await listen(
      (request, response) => {
        const { url } = request;
        if (url === '/v1/reports' || url?.startsWith('/v1/reports?') === true) route.handle(request, response);
        else app(request, response);
      },
      {
        host,
        port: options.port,
        tls,
        headersTimeoutMs: limits.headersTimeoutMs,
        requestTimeoutMs: limits.requestTimeoutMs,
        maxConnections: limits.connections,
        maxConnectionsPerPrefix: limits.connectionsPerPrefix,
        prefixOf: (socket) => connectionPrefix(socket, trusted),
        log,
      },
    ).catch(async (error: unknown) => {
      clearInterval(forget);
      await drainer.close(0);
      throw error;
    });
    log({ level: 'info', message: 'collector listens', collector: name, url: server.url, tls: tls !== undefined });

    const held = claim;
    const close = async (): Promise<void> => {
      stopping = true;
      if (limits.stopDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, limits.stopDelayMs));
      refusing = true;
      clearInterval(forget);
      const grace = new Promise((resolve) => setTimeout(resolve, limits.closeAfterMs).unref());
      await Promise.race([Promise.all([route.idle(), browsers.idle()]), grace]);
      await drainer.close(limits.closeAfterMs);
      await server.close(Math.min(500, limits.closeAfterMs));
      const entriesLeft = journal.usage().entries;
      // The mark of a process that ended counts for nothing, so a disk that is full or failing is left alone.
      if (canWrite() && journal.commits.isSound()) await held.release().catch(quiet);
      await journal.close();
      log({ level: 'info', message: 'collector stopped', collector: name, entriesLeft });
    };
    let closing: Promise<void> | undefined;
    return { url: server.url, port: server.port, drained: () => drainer.drained(), close: () => (closing ??= close()) };
  } catch (error) {
    // The others of the same collector go on.
    if (claim?.isShared === false) await claim.release().catch(() => undefined);
    await journal.close();
    throw error;
  }
}
