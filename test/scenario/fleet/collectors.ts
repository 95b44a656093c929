/**
 * Three collectors in process: the real opening and decoding, and one count of every report however often and wherever its envelope
 * arrives. What lies between them and an agent is simulated: time, faults, answers that get lost on the way back.
 */
import { decodeBody, dedupKey, loadRecipientKeys, makeRecipientKey, openEnvelope, verifyEnvelopeNow } from '../../../protocol/src/open.js';
import type { VirtualClock } from './virtual-clock.js';

export const ORIGINS = ['https://c1.example.net', 'https://c2.example.org', 'https://192.0.2.7'] as const;
export const RECIPIENT = makeRecipientKey();

/** How an agent reaches a collector just now. */
export type Way = 'open' | 'refused' | 'mute';

export interface Collectors {
  /** Failures that arrived, by the agent's number. */
  readonly arrived: Map<number, number>;
  /** Uploads that reached a collector, in ms since the epoch of the virtual clock, whatever was answered. */
  readonly uploads: number[];
  /** First arrivals of an envelope: its key, when. */
  readonly firsts: Map<string, number>;
  readonly answers: Map<number, number>;
  /** A `fetch` whose way is asked for at each request. */
  fetchFor(wayTo: (origin: string) => Way, random: () => number): typeof fetch;
}

interface Limits {
  /** Uploads that a collector takes in 10 s before it answers 503. */
  readonly perTenSeconds: number;
  /** The share of stored uploads whose answer is lost. */
  readonly lostAnswers: number;
}

/** The little of a `Response` that an agent looks at, without the cost of a real one. */
const answer = (status: number, headers: Record<string, string> = {}): Response =>
  ({ status, headers: { get: (name: string) => headers[name] ?? null }, body: null }) as unknown as Response;

export function startCollectors(clock: VirtualClock, { perTenSeconds, lostAnswers }: Limits): Collectors {
  const keys = loadRecipientKeys([RECIPIENT]);
  const arrived = new Map<number, number>();
  const uploads: number[] = [];
  const firsts = new Map<string, number>();
  const answers = new Map<number, number>();
  const load = new Map<string, number>();

  /** 204, or 503 where too many come at once. */
  function receive(origin: string, bytes: Uint8Array): number {
    uploads.push(clock.now());
    const bin = `${origin} ${Math.floor(clock.now() / 10_000)}`;
    const inBin = (load.get(bin) ?? 0) + 1;
    load.set(bin, inBin);
    if (inBin > perTenSeconds) return 503;
    const key = Buffer.from(dedupKey(bytes)).toString('base64url');
    if (firsts.has(key)) return 204;
    if (!verifyEnvelopeNow(bytes)) throw new Error('an envelope without a valid signature');
    const { body } = decodeBody(openEnvelope(bytes, keys));
    firsts.set(key, clock.now());
    const who = Number(body.context.release);
    const count = body.failures.reduce((sum, failure) => sum + failure.count, 0);
    arrived.set(who, (arrived.get(who) ?? 0) + count);
    return 204;
  }

  return {
    arrived,
    uploads,
    firsts,
    answers,
    fetchFor: (wayTo, random) => (input, init) =>
      new Promise((resolve, reject) => {
        const { origin } = new URL(input as string);
        const { body, signal } = init as { body?: Uint8Array; signal: AbortSignal };
        const fail = (): void => reject(new TypeError('fetch failed'));
        signal.addEventListener('abort', fail, { once: true });
        const way = wayTo(origin);
        if (way === 'mute') return;
        clock.setTimer(
          () => {
            if (signal.aborted) return;
            if (way === 'refused' || wayTo(origin) !== 'open' || !body) {
              fail();
              return;
            }
            const status = receive(origin, body);
            answers.set(status, (answers.get(status) ?? 0) + 1);
            if (random() < lostAnswers) fail();
            else if (status === 204) resolve(answer(204));
            else resolve(answer(status, { 'retry-after': '30', 'content-type': 'application/problem+json' }));
          },
          20 + 80 * random(),
        );
      }),
  };
}
