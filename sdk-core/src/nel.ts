/**
 * Switches the browser's own failure reports (Network Error Logging) on, for the origins that the app names: fetches their policy once
 * after the grant and again before it runs out. What a policy says is the server's word, so it is read: one that would send reports to
 * anybody but the named collectors is taken back at once. Part of what is loaded at the grant.
 */
import { NEL_PATH, removeNel } from './nel-removal.js';
import type { Grant } from './grant.js';

/** Policies live a day at most, and are asked for again at half of that. */
const RENEW_MS = 43_200_000;
const DEADLINE_MS = 10_000;
const MARK = 'nel';

/** The longest that a browser may go on without asking again. */
const MAX_AGE_S = 86_400;

/** Whether a `Report-To` header names these collectors and nobody else, for a day at most: without its group a browser reports nothing. */
function namesOnly(header: string | null, collectors: readonly string[]): boolean {
  try {
    const { endpoints, max_age } = JSON.parse(header ?? '') as { endpoints: { url: string }[]; max_age: number };
    return max_age <= MAX_AGE_S && endpoints.every(({ url }) => collectors.includes(new URL(url).origin));
  } catch {
    return false;
  }
}

/** Begins at once, within the random delay of live reports; ends with the grant. */
export function learnNel(grant: Grant): void {
  const { options, platform } = grant;
  const { nel, collectors } = options;
  const { now, random, store } = platform;
  if (!nel.length) return;

  async function learn(): Promise<void> {
    // Kept over pages and tabs, so that all of a site share one question.
    const known = { ...((await store.get(MARK)) as Record<string, number> | undefined) };
    for (const origin of nel) {
      if (Math.abs(now() - (known[origin] ?? -Infinity)) < RENEW_MS) continue;
      const { status = 0, reportTo = null } = (await grant.ask(origin + NEL_PATH, {}, DEADLINE_MS).catch(() => undefined)) ?? {};
      if (status < 200 || status > 299 || !grant.live()) continue;
      const named = namesOnly(reportTo, collectors);
      grant.emit({ kind: 'nel', origin, state: named ? 'on' : 'refused' });
      if (!named) {
        void removeNel([origin], platform, () => grant.live());
        continue;
      }
      known[origin] = now();
      await grant.save([[MARK, known]]);
    }
    grant.after(RENEW_MS, learn);
  }
  grant.after(random() * (platform.liveDelayMs ?? 5_000), learn);
}
