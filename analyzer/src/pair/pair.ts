/**
 * Is it us? The clients' failures beside the server's own metrics.
 *
 * Server errors up: P(at least so many errors | requests now × share before) by a Poisson test with the uncertainty of both windows,
 * below 1e-3, at least 5 errors and at least twice the share before. Dip: requests and reports together, see dip.ts.
 * Slow: twice the usual time and 0.1 s more. Full: 90 % and a tenth more than usual. Probers: at least half fail, twice the share
 * before; or at most a fifth. Offline: see read-offline.ts. The windows
 * are the caller's choice. A dip alone never makes a verdict, nor does a deploy: each stands beside it.
 */
import { believable, believableSpike } from './believable.js';
import { decide, errsApart } from './decide.js';
import { readDip } from './dip.js';
import { areOffline } from './read-offline.js';
import { readProbers } from './read-probers.js';
import { numbersOf, readServer } from './read-server.js';
import type { ServerEvidence, SpikeEvidence, Verdict, VerdictNumbers } from './verdict.js';

/** Deliveries of a place, and the share of them that missed another collector, from which on paths count as disturbed. */
const LEAST_TOLD = 5;
const MISSED_SHARE = 0.2;
/** Browsers that report by themselves, from which on they are named. */
const LEAST_BROWSERS = 3;

/**
 * @param clients - The clients' side. @param given - The server's side; null when none is configured. What could not be read is not `fresh`.
 * @returns A verdict with every number it rests on and what would change it. Pure; never throws.
 */
export function pair(clients: SpikeEvidence, given: ServerEvidence | null): Verdict {
  const spike = believableSpike(clients);
  const metrics = given === null ? null : believable(given);
  const dip = readDip(spike, metrics);
  const numbers = numbersOf(spike, metrics, dip);
  const server = readServer(metrics, numbers, dip);
  const probers = readProbers(spike.probers, spike.signedProbers);
  const network = spike.place.network ?? null;
  const attemptsUp =
    (numbers.attempts_failed_share ?? 0) > 2 * (numbers.attempts_failed_share_before ?? 1) && (spike.attempts?.failed ?? 0) >= 3;
  // Whoever has addresses all over a network can make up its requests and its browsers' reports as well as its failures, so these support nothing.
  const errorsSupport = server.errorsUp && !errsApart(spike, server);
  const uncorroborated = network !== null && !(spike.networksFailing > 1) && !server.dipped && !errorsSupport && !probers.fail;
  const { verdict, byProbers = false, because, wouldChange } = decide(spike, server, probers, metrics !== null);
  return {
    verdict,
    uncorroborated,
    byProbers,
    because: [
      ...because,
      ...(server.dipped ? ['The server also gets fewer requests than before, as it would when clients cannot reach it.'] : []),
      ...(verdict !== 'local' && areOffline(spike.offline, spike.failingClients)
        ? ['Many more clients of the same place than usual report that their own connection is down: look at that as well.']
        : []),
      ...deployWords(numbers),
      ...(pathDisturbed(spike, numbers)
        ? ['The same clients also missed collectors on other networks, so more than the way to this host is disturbed.']
        : []),
      ...(attemptsUp ? ['The share of failed requests among all requests of these clients rose too.'] : []),
      ...(nelUp(spike) ? ['Browsers report failures there by themselves too, without any agent.'] : []),
      ...(uncorroborated ? ['Only reports of one network say so; nothing independent supports them yet.'] : []),
    ],
    numbers,
    wouldChange,
    runbook: `runbooks/${verdict}.md#${spike.kind}`,
  };
}

function deployWords({ minutes_since_deploy: minutes }: VerdictNumbers): string[] {
  if (minutes === null) return [];
  const time = minutes < 1 ? 'less than a minute' : minutes === 1 ? '1 minute' : `${minutes} minutes`;
  return [`A deploy of your own came ${time} before the failures began.`];
}

/** Browsers' own reports stand beside the agents': they are a reason and never make a spike. */
function nelUp({ nel }: SpikeEvidence): boolean {
  return nel !== undefined && nel.now >= LEAST_BROWSERS && nel.now > 2 * nel.baseline;
}

/** Told by the same clients, so it explains and does not corroborate. */
function pathDisturbed({ path }: SpikeEvidence, numbers: VerdictNumbers): boolean {
  const share = numbers.collectors_missed_share ?? 0;
  return (path?.told ?? 0) >= LEAST_TOLD && share >= MISSED_SHARE && share > 2 * (numbers.collectors_missed_share_before ?? 0);
}
