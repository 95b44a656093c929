/** Sends envelopes to collectors at a bounded rate, as the agents of many clients behind a proxy, and counts what became of them. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Upload {
  readonly envelope: Uint8Array<ArrayBuffer>;
  /** The address that the client would have in its network; a collector that trusts us as a proxy labels it by that. */
  readonly address: string | undefined;
  readonly reports: number;
  readonly attempts: number;
}

export interface SendOptions {
  /** Taken in turn; the next one where one does not answer. */
  readonly collectors: readonly URL[];
  /** Uploads a second at most. */
  readonly ratePerS: number;
  readonly now?: () => number;
  readonly fetchFn?: typeof fetch;
}

export interface SendResult {
  readonly envelopes: number;
  /** Acknowledged with 204: these are in storage, or will be. */
  readonly taken: number;
  readonly reports: number;
  readonly attempts: number;
  /** Answers by the code of the problem, those that were tried again among them. */
  readonly problems: Readonly<Record<string, number>>;
  readonly seconds: number;
}

const IN_FLIGHT = 32;
const TRIES = 6;
const TIMEOUT_MS = 15_000;
const LONGEST_WAIT_MS = 30_000;
const FIRST_WAIT_MS = 500;

/**
 * @param uploads - In the order in which they are due; `dueMs` (0: at once) is a time of `now`.
 * @returns Counts. Never rejects for what a collector does; what is refused or unanswered after six tries is not taken.
 */
export async function sendUploads(uploads: AsyncIterable<Upload & { readonly dueMs: number }>, options: SendOptions): Promise<SendResult> {
  const { collectors, ratePerS, now = Date.now, fetchFn = fetch } = options;
  const startedMs = now();
  const problems: Record<string, number> = {};
  const sums = { envelopes: 0, taken: 0, reports: 0, attempts: 0 };
  const running = new Set<Promise<void>>();

  const post = async (upload: Upload, turn: number): Promise<{ taken: boolean; again: boolean; waitMs: number; code: string }> => {
    const to = collectors[turn % collectors.length];
    try {
      const answer = await fetchFn(new URL('/v1/reports', to), {
        method: 'POST',
        body: upload.envelope,
        redirect: 'error',
        headers: upload.address === undefined ? {} : { 'x-forwarded-for': upload.address },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const { code = `status_${answer.status}` } = (await answer.json().catch(() => ({}))) as { code?: string };
      const waitMs = Number(answer.headers.get('retry-after') ?? '0') * 1000;
      return { taken: answer.status === 204, again: answer.status === 429 || answer.status >= 500, waitMs, code };
    } catch {
      return { taken: false, again: true, waitMs: 0, code: 'no_answer' };
    }
  };
  const deliver = async (upload: Upload, turn: number): Promise<void> => {
    for (let tries = 0; tries < TRIES; tries++) {
      const { taken, again, waitMs, code } = await post(upload, turn + tries);
      if (taken) {
        sums.taken++;
        sums.reports += upload.reports;
        sums.attempts += upload.attempts;
        return;
      }
      problems[code] = (problems[code] ?? 0) + 1;
      if (!again) return;
      if (tries + 1 < TRIES) await sleep(Math.min(LONGEST_WAIT_MS, Math.max(waitMs, FIRST_WAIT_MS * 2 ** tries)));
    }
  };

  let nextMs = now();
  for await (const upload of uploads) {
    const at = Math.max(nextMs, upload.dueMs);
    if (at > now()) await sleep(at - now());
    // A pause is not made up for by a burst.
    nextMs = Math.max(at, now() - 1000) + 1000 / ratePerS;
    while (running.size >= IN_FLIGHT) await Promise.race(running);
    const delivery = deliver(upload, sums.envelopes++).finally(() => running.delete(delivery));
    running.add(delivery);
  }
  await Promise.all(running);
  return { ...sums, problems, seconds: (now() - startedMs) / 1000 };
}
