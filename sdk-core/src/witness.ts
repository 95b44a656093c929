/** Witnesses: the network label an agent may claim, and the comparison that tells "only this host" from "nothing works". */
import { MAX_UINT } from '@outcry/protocol';
import type { WitnessAnswer } from './observed.js';
import type { Grant } from './grant.js';
import type { Claim } from './report.js';
import type { Steering } from './steering.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DEADLINE_MS = 8_000;
const MAX_COMPARISONS_PER_HOUR = 6;
/** By name; and one by address, where there is one: it tells a dead resolver. */
const COMPARED = 2;
const ADDRESS = /^\w+:\/\/(\[|[\d.]+[:/])/;

export interface Witness {
  claim(): Claim | undefined;
  /** Asks for the label if the last one is older than an hour, or the network changed. */
  refresh(changed?: boolean): void;
  compare(host: string, deadlineMs?: number): Promise<WitnessAnswer[] | null>;
}

/** A label out of a witness's answer; undefined when it is none. */
function claimOf(text: string, atMs: number): Claim | undefined {
  const { asn, country } = JSON.parse(text) as { asn?: unknown; country?: unknown };
  if (!Number.isInteger(asn) || (asn as number) < 0 || (asn as number) > MAX_UINT) return undefined;
  return typeof country === 'string' && /^[A-Z]{2}$/.test(country) ? { asn: asn as number, country, atMs } : undefined;
}

export function makeWitness(grant: Grant, steering: Steering): Witness {
  const { platform } = grant;
  const { now, random, store } = platform;
  const monotonic = platform.monotonic ?? ((): number => performance.now());
  const compared = new Map<string, number>();
  let hour: number[] = [];
  let claim: Claim | undefined;
  // Not a number until asked the first time: nothing but the timer below does that.
  let askedAtMs = NaN;

  const inRandomOrder = (): string[] =>
    steering
      .witnesses()
      .map((url) => [random(), url] as const)
      .sort(([a], [b]) => a - b)
      .map(([, url]) => url);

  async function ask(changed: boolean): Promise<void> {
    askedAtMs = now();
    if (steering.isPaused()) return;
    // Kept over pages, so that every page of an hour shares one question.
    if (!claim) claim = (await store.get('witness').catch(() => undefined)) as Claim | undefined;
    if (!changed && claim && Math.abs(now() - claim.atMs) < HOUR_MS) {
      askedAtMs = claim.atMs;
      return;
    }
    for (const url of inRandomOrder()) {
      if (!grant.live()) return;
      try {
        const { status, text } = await grant.ask(url, {}, DEADLINE_MS);
        const fresh = status === 200 && claimOf(text, now());
        if (!fresh) continue;
        claim = fresh;
        await grant.save([['witness', claim]]);
        return;
      } catch {
        // The next one.
      }
    }
  }

  grant.after(random() * (platform.liveDelayMs ?? 5_000), () => ask(false));

  return {
    claim: () => claim,
    refresh(changed = false) {
      if (Math.abs(now() - askedAtMs) >= (changed ? MINUTE_MS : HOUR_MS)) void ask(changed).catch(() => undefined);
    },
    async compare(host, deadlineMs = DEADLINE_MS) {
      const nowMs = now();
      hour = hour.filter((ms) => Math.abs(nowMs - ms) < HOUR_MS);
      if (
        hour.length >= MAX_COMPARISONS_PER_HOUR ||
        Math.abs(nowMs - (compared.get(host) ?? -Infinity)) < MINUTE_MS ||
        !steering.witnesses().length
      )
        return null;
      hour.push(nowMs);
      compared.set(host, nowMs);
      // Drawn last: what is left out counts like what is made, so that many failures do not draw until one wins.
      if (random() * 1e6 >= steering.probesPpm()) return null;
      const urls = inRandomOrder();
      const isAddress = (url: string): boolean => ADDRESS.test(url);
      const byName = urls.filter((url) => !isAddress(url)).slice(0, COMPARED);
      const chosen = [...byName, ...urls.filter(isAddress).slice(0, Math.max(1, COMPARED - byName.length))];
      return Promise.all(
        chosen.map(async (url) => {
          const startedMs = monotonic();
          const found = await grant.ask(url, {}, deadlineMs).then(
            ({ status, text }) => ({ answered: true, reached: status === 200 && text.includes('asn') }),
            (error: unknown) => ({ answered: platform.wasAnswered?.(error) === true, reached: false }),
          );
          return { url, isAddress: isAddress(url), ...found, ms: monotonic() - startedMs };
        }),
      );
    },
  };
}
