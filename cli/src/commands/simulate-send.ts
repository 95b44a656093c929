/** `outcry simulate --send`: a simulated world told to real collectors. */
import { open, type FileHandle } from 'node:fs/promises';
import { parsePublicKey } from '@outcry/protocol';
import type { FailuresRow, HistoryRow, IncidentRow } from '@outcry/analyzer';
import { UsageError, type Surroundings } from '../command.js';
import type { Config } from '../config/schema.js';
import { loadKeys } from '../recipient-keys.js';
import { sealTelling } from '../simulator/envelopes.js';
import { addressesOf } from '../simulator/addresses.js';
import { endingNow, incidentNow, lastLive, liveTellings, startingNow } from '../simulator/live-tellings.js';
import type { WorldNetwork } from '../simulator/networks.js';
import { MetricsPusher, type PushedCount } from '../simulator/push-metrics.js';
import { stream } from '../simulator/random.js';
import { sendUploads, type SendResult, type Upload } from '../simulator/send.js';

export interface SendArguments {
  readonly collectors: readonly string[];
  readonly recipientKey: string | undefined;
  readonly ratePerS: number;
  /** Undefined: as fast as it goes, the end of the history being now. */
  readonly speed: number | undefined;
  /** This much of the end of the history happens as time passes, s; undefined: none, or all where there is a speed. */
  readonly liveS: number | undefined;
  /** Where server metrics are pushed to; undefined: nowhere. */
  readonly analyzer: URL | undefined;
  readonly truthFile: string | undefined;
}

const SAMPLES_AT_ONCE = 200;

const isLoopback = ({ hostname }: URL): boolean => hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);

/** An option that names a server. Throws `UsageError` for anything else. */
export function urlOf(option: string, text: string): URL {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw new UsageError(`--${option} must be an http or https URL (it is "${text}")`);
}

/** Who is sent to. Throws `UsageError`: nothing but this machine's collector is sent to unless it is named. */
export function receiversOf({ collectors, recipientKey }: SendArguments, config: Config): { collectors: URL[]; recipientKey: Uint8Array } {
  const named = collectors.map((text) => urlOf('collector', text));
  const { host, port, tls } = config.collector;
  const own = new URL(`${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`);
  if (named.length === 0 && !isLoopback(own))
    throw new UsageError(`--collector is missing: the collector of the settings (${own.origin}) is not on this machine`);
  const key = recipientKey ?? loadKeys(config, { make: false })[0]?.publicKey ?? '';
  if (!/^[0-9A-Za-z_-]{43}$/.test(key)) throw new UsageError(`--recipient-key must be 43 characters of base64url (it is "${key}")`);
  return { collectors: named.length === 0 ? [own] : named, recipientKey: parsePublicKey(key) };
}

export interface World {
  readonly rows: Iterable<HistoryRow>;
  readonly networks: readonly WorldNetwork[];
  readonly seed: number;
  /** The name of the address prefix behind a row. */
  readonly sourceOf: (row: FailuresRow) => string | undefined;
}

export interface Receivers {
  readonly collectors: readonly URL[];
  readonly recipientKey: Uint8Array;
}

export interface Sent {
  readonly result: SendResult;
  readonly metrics: PushedCount | undefined;
  readonly projects: Readonly<Record<string, readonly string[]>>;
}

/**
 * Sends the world.
 *
 * @returns Counts, and the projects that collectors have to know. Rejects with `UsageError`, with nothing sent, when the file for what truly
 * happened cannot be written.
 */
export async function sendWorld(world: World, args: SendArguments, to: Receivers): Promise<Sent> {
  const truth = args.truthFile === undefined ? undefined : await openTruth(args.truthFile);
  try {
    return await tellWorld(world, args, to, truth);
  } finally {
    await truth?.close();
  }
}

async function tellWorld(
  { rows, networks, seed, sourceOf }: World,
  args: SendArguments,
  to: Receivers,
  truth: FileHandle | undefined,
): Promise<Sent> {
  const iterator = rows[Symbol.iterator]();
  const first = iterator.next().value as HistoryRow;
  if (first.row !== 'world') throw new Error('the world does not come first');
  const nowMs = Date.now();
  const clock =
    args.speed !== undefined
      ? startingNow(first.from, nowMs, args.speed)
      : args.liveS !== undefined
        ? lastLive(first.to, nowMs, args.liveS)
        : endingNow(first.to, nowMs);
  const isTimed = args.speed !== undefined || args.liveS !== undefined;
  const metrics = args.analyzer === undefined ? undefined : new MetricsPusher(args.analyzer);
  const incidents: IncidentRow[] = [];
  const addressOf = await addressesOf(networks);
  const random = stream(seed, 'addresses');
  const rest = { [Symbol.iterator]: () => iterator };
  async function* uploads(): AsyncGenerator<Upload & { dueMs: number }> {
    const tellings = liveTellings(rest, {
      clock,
      seed,
      sourceOf,
      onServer: (row) => metrics?.add(row, clock.toReal(row.at)),
      onIncident: (row) => incidents.push(incidentNow(row, clock)),
    });
    for (const { arrivedS, telling } of tellings) {
      const dueMs = isTimed ? clock.toReal(arrivedS) * 1000 : 0;
      await metrics?.flush(Date.now(), isTimed ? 1 : SAMPLES_AT_ONCE);
      yield {
        envelope: await sealTelling(telling, to.recipientKey, Math.max(Date.now(), dueMs)),
        address: addressOf(telling.network, random, telling.source),
        reports: telling.failures.length,
        attempts: telling.attempts.length,
        dueMs,
      };
    }
  }
  const result = await sendUploads(uploads(), { collectors: to.collectors, ratePerS: args.ratePerS });
  await metrics?.flush(isTimed ? Date.now() : Infinity);
  await truth?.writeFile(incidents.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return { result, metrics: metrics?.count, projects: first.projects };
}

/** Before anything is sent: a world cannot be told again, and what happened in it would be known to nobody. */
async function openTruth(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'w');
  } catch (error) {
    throw new UsageError(`--truth FILE cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

const count = (n: number): string => n.toLocaleString('en');

/** Prints what became of it. @returns The exit code: 0 when all was taken. */
export function printSent({ result, metrics, projects }: Sent, isJson: boolean, { out, err }: Surroundings): number {
  const { envelopes, taken, reports, attempts, problems, seconds } = result;
  const unknown = (problems['unknown_project'] ?? 0) + (problems['unknown_host'] ?? 0) > 0;
  if (isJson)
    out(JSON.stringify({ ...result, seconds: Math.round(seconds * 10) / 10, ...(metrics !== undefined && { server_metrics: metrics }) }));
  else {
    out(
      `${count(taken)} of ${count(envelopes)} envelopes taken in ${seconds.toFixed(1)} s: ${count(reports)} reports, ${count(attempts)} counts of requests`,
    );
    for (const [code, n] of Object.entries(problems)) out(`  ${code}: ${count(n)}`);
    if (metrics !== undefined) {
      out(`${count(metrics.pushed)} samples of server metrics pushed`);
      for (const [code, n] of Object.entries(metrics.problems)) out(`  ${code}: ${count(n)}`);
    }
  }
  if (unknown) {
    const settings = Object.fromEntries(Object.entries(projects).map(([name, hosts]) => [name, { hosts }]));
    err(`outcry: the collectors do not know the projects of this world; their settings need "projects": ${JSON.stringify(settings)}`);
  }
  return taken === envelopes && Object.keys(metrics?.problems ?? {}).length === 0 ? 0 : 1;
}
