/** The loop around the rounds: it goes on whatever happens, and says when it cannot see. */
import { randomUUID } from 'node:crypto';
import { OutcryError } from '@outcry/protocol';
import type { AnalyzerMetrics } from '../metrics.js';
import { makePull } from '../server-metrics/pull.js';
import { isPush } from '../server-metrics/source.js';
import { Unread } from '../server-metrics/unread.js';
import { repeat } from './repeat.js';
import { runRound } from './round.js';
import { Known } from './known.js';
import type { RoundResult } from './round.js';
import type { WatchDeps } from './settings.js';
import { BLIND_MS, degradedOf } from './sight.js';
import type { Degraded } from './sight.js';

const SCRAPE_MS = 10_000;

export interface LogEntry {
  readonly level: 'info' | 'warn';
  readonly message: string;
}

export interface WatchState {
  /** The last round that succeeded. */
  readonly latest: RoundResult | null;
  readonly latestMs: number | null;
  /** Why nothing is seen at the moment; null while all is well. */
  readonly degraded: Degraded | null;
  /** What is wrong with server metrics, by project and host: endpoints that cannot be read, pushes that do not come. */
  readonly scrapeErrors: ReadonlyMap<string, string>;
}

export interface Watch {
  state(): WatchState;
  /** Ends the loop and waits for the round that is running. */
  stop(): Promise<void>;
}

export interface WatchOptions {
  readonly intervalMs: number;
  readonly metrics: AnalyzerMetrics;
  readonly log: (entry: LogEntry) => void;
  /** One round; default `runRound`. */
  readonly run?: typeof runRound;
  /** Time that passes, ms, whatever is done to the clock: how long rounds take is measured with it. */
  readonly elapsed?: () => number;
}

/** Starts watching; the first round begins at once. */
export function watch(
  deps: WatchDeps,
  { intervalMs, metrics, log, run = runRound, elapsed = () => performance.now() }: WatchOptions,
): Watch {
  const known = new Known();
  const unread = new Unread();
  let seen: Pick<WatchState, 'latest' | 'latestMs'> = { latest: null, latestMs: null };
  const beganMs = deps.now();
  let failure: Degraded | null = null;
  let slowSinceMs: number | null = null;
  let lastAt = elapsed();
  const stopping = new AbortController();
  const pulling = { client: deps.client, now: deps.now, reader: randomUUID() };
  const pulls = deps.serverMetrics.map((source) => ({ source, pull: makePull(source, pulling) }));

  const round = async (): Promise<void> => {
    const startedMs = deps.now();
    const startedAt = elapsed();
    const end = metrics.roundSeconds.startTimer();
    try {
      const latest = await run(deps, known);
      if (failure !== null) log({ level: 'info', message: 'storage answers again' });
      failure = null;
      seen = { latest, latestMs: deps.now() };
      lastAt = elapsed();
      const tookMs = lastAt - startedAt;
      if (tookMs > BLIND_MS) log({ level: 'warn', message: `a round of detection took ${Math.round(tookMs / 1000)} s` });
      slowSinceMs = tookMs > BLIND_MS ? (slowSinceMs ?? startedMs) : null;
      metrics.rounds.inc({ outcome: 'ok' });
      metrics.storageUp.set(1);
      metrics.spikesOpen.set(latest.spikes.filter((s) => s.state === 'open').length);
      metrics.seriesTested.set(latest.seriesTested);
    } catch (error) {
      const code = isUnavailable(error) ? 'storage_unavailable' : 'internal_error';
      if (failure?.code !== code) log({ level: 'warn', message: `a round of detection failed (${code}): ${reasonOf(error)}` });
      failure = { code, sinceMs: failure?.sinceMs ?? startedMs };
      metrics.rounds.inc({ outcome: code });
      if (code === 'storage_unavailable') metrics.storageUp.set(0);
    } finally {
      end();
    }
  };
  const scrapeAll = async (): Promise<void> => {
    await Promise.all(
      pulls.map(async ({ source, pull }) => {
        const error = await pull();
        if (!isPush(source)) metrics.scrapes.inc({ outcome: error === null ? 'ok' : 'failed' });
        if (unread.note(source, error))
          log({ level: 'warn', message: `server metrics of ${source.project} ${source.host} cannot be read: ${error ?? ''}` });
      }),
    );
  };
  const running = [repeat(round, intervalMs, stopping.signal)];
  if (pulls.length > 0) running.push(repeat(scrapeAll, SCRAPE_MS, stopping.signal));
  return {
    state() {
      const rounds = { failure, lastMs: seen.latestMs ?? beganMs, quietMs: elapsed() - lastAt, slowSinceMs };
      return { ...seen, degraded: degradedOf(rounds, intervalMs), scrapeErrors: unread.byHost() };
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

/** Whether storage is away, rather than something wrong here. Errors of the server's own (a refused query) are ours. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof OutcryError) return error.code === 'OUTCRY_STORAGE_UNREACHABLE';
  if (!(error instanceof Error)) return false;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return /^(E[A-Z]+|UND_ERR_.*)$/.test(code) || /timeout|socket hang up|ECONN|EPIPE|ENOENT/i.test(error.message);
}

/** The reason without content: messages of the server may quote rows. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = (error as NodeJS.ErrnoException).code;
  return code === undefined ? `${error.name}: ${error.message.split('\n', 1)[0]?.slice(0, 200) ?? ''}` : `${error.name} ${code}`;
}
