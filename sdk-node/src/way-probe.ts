/**
 * Goes the way of a failed request once more, step by step, where its error does not say which step it was: `fetch` has one timer for
 * name, TCP and TLS. The step that does not end now either is most likely the one that did not then. The probe goes to the watched host
 * only, sends no request, and is bounded in time and number.
 */
import { lookup, Resolver } from 'node:dns/promises';
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** The step at which the way ended; `through` when all of them ended well. */
export interface WayProbed {
  readonly stage: 'lookup' | 'connect' | 'handshake' | 'through';
  /** The step did not end in time; else it failed with `code`. */
  readonly isSilent: boolean;
  readonly code: string;
}

export interface Way {
  readonly host: string;
  readonly port: number;
  readonly scheme: string;
  /** Ask the name servers themselves, and go no further: the system's resolver has but one code for all that may be wrong there. */
  readonly onlyName: boolean;
}

/** Slow resolvers take seconds. */
const LOOKUP_MS = 5_000;
/** Longer than a lost packet and two repeats, on a slow way. */
const STEP_MS = 3_500;
const MAX_ADDRESSES = 4;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const MAX_PER_HOUR = 6;

const THROUGH: WayProbed = { stage: 'through', isSilent: false, code: '' };
const codeOf = (error: unknown): string => (error as { code?: string } | undefined)?.code ?? 'failed';

/** What a step came to: its result, or undefined when it did not end in time. Rejects where it failed. */
function inTime<T>(work: Promise<T>, ms: number, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), ms).unref();
    const cancel = (): void => reject(new Error('cancelled'));
    signal.addEventListener('abort', cancel);
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    };
    work.then(resolve, reject).finally(over);
  });
}

/** The first connection that stands; the others end. Rejects when every address refuses. */
function firstConnected(addresses: readonly string[], port: number, sockets: Socket[]): Promise<Socket> {
  const tried = addresses.map(
    (host) =>
      new Promise<Socket>((resolve, reject) => {
        const socket = connectTcp({ host, port });
        sockets.push(socket.unref());
        socket.on('error', reject).once('connect', () => resolve(socket));
      }),
  );
  return Promise.any(tried).catch((error: unknown) => Promise.reject((error as AggregateError).errors[0] as Error));
}

const shakeHands = (socket: Socket, name: string): Promise<true> =>
  new Promise((resolve, reject) => {
    // Whose certificate it is does not matter here; that the handshake ends does.
    connectTls({ socket, servername: isIP(name) ? '' : name, rejectUnauthorized: false })
      .on('error', reject)
      .on('close', () => reject(new Error('closed')))
      .once('secureConnect', () => resolve(true));
  });

/**
 * Goes the way once; 12 s at most. Never rejects, except when `signal` aborts.
 *
 * @param servers - Name servers to ask, for tests; default: the system's.
 */
export async function goTheWay(
  { host, port, scheme, onlyName }: Way,
  signal: AbortSignal,
  servers?: readonly string[],
): Promise<WayProbed> {
  const name = host.replaceAll(/[[\]]/g, '');
  const sockets: Socket[] = [];
  let stage: 'lookup' | 'connect' | 'handshake' = 'lookup';
  const silent = (): WayProbed => ({ stage, isSilent: true, code: '' });
  try {
    if (onlyName) {
      const resolver = new Resolver({ timeout: LOOKUP_MS / 2, tries: 1 });
      if (servers) resolver.setServers(servers);
      const found = await inTime(resolver.resolve4(name), LOOKUP_MS, signal).finally(() => resolver.cancel());
      return found ? THROUGH : silent();
    }
    const found = await inTime(lookup(name, { all: true }), LOOKUP_MS, signal);
    if (!found) return silent();
    stage = 'connect';
    const addresses = found.slice(0, MAX_ADDRESSES).map(({ address }) => address);
    const socket = await inTime(firstConnected(addresses, port, sockets), STEP_MS, signal);
    if (!socket) return silent();
    if (scheme !== 'https') return THROUGH;
    stage = 'handshake';
    return (await inTime(shakeHands(socket, name), STEP_MS, signal)) ? THROUGH : silent();
  } catch (error) {
    if (signal.aborted) throw error;
    const code = codeOf(error);
    return { stage, isSilent: code === 'ETIMEOUT' || code === 'ETIMEDOUT', code };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

export interface WayProbe {
  /**
   * Undefined when the budget is used up, the agent may not, or the host answered meanwhile. One way at a time, one per host and minute,
   * six per hour; failures of one host at the same time share one. Never rejects.
   */
  probe(way: Way): Promise<WayProbed | undefined>;
  /** The host answered, or, without one, nobody waits any more: nothing is left to find out. */
  cancel(host?: string): void;
}

/**
 * @param mayProbe - Draws by the share of probes that a signed configuration leaves.
 * @param go - Goes the way; a parameter for tests.
 */
export function makeWayProbe(now: () => number, mayProbe: () => Promise<boolean>, go: typeof goTheWay = goTheWay): WayProbe {
  const lastMs = new Map<string, number>();
  let running:
    | { readonly key: string; readonly host: string; readonly stop: AbortController; readonly probed: Promise<WayProbed | undefined> }
    | undefined;
  let hour: number[] = [];

  return {
    probe(way) {
      const { host } = way;
      const key = JSON.stringify(way);
      if (running) return running.key === key ? running.probed : Promise.resolve(undefined);
      const nowMs = now();
      hour = hour.filter((ms) => Math.abs(nowMs - ms) < HOUR_MS);
      if (hour.length >= MAX_PER_HOUR || Math.abs(nowMs - (lastMs.get(host) ?? -Infinity)) < MINUTE_MS) return Promise.resolve(undefined);
      // Those of the last hour only, so that the map stays small.
      for (const [known, ms] of lastMs) if (Math.abs(nowMs - ms) >= MINUTE_MS) lastMs.delete(known);
      hour.push(nowMs);
      lastMs.set(host, nowMs);
      const stop = new AbortController();
      const probed = mayProbe()
        .then((may) => (may && !stop.signal.aborted ? go(way, stop.signal) : undefined))
        .catch(() => undefined)
        .finally(() => (running = undefined));
      running = { key, host, stop, probed };
      return probed;
    },
    cancel(host = running?.host) {
      if (running?.host === host) running?.stop.abort();
    },
  };
}
