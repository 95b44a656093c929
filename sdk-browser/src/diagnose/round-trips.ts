/**
 * How far a failed request came, read from its time in round trips to its host. Fact (measured at 80 ms, cold connection, TLS 1.3):
 *
 * | round trips | Chromium | Firefox |
 * | --- | --- | --- |
 * | nothing left this machine, or only a question to the resolver | 0.0–0.1 | 0.0–0.1 |
 * | the connection was refused, the address unreachable | 1.1–1.3 | 1.1 |
 * | the certificate was refused | 2.1–2.2 | 2.2 |
 * | the request was sent, the answer was broken | 3.1 | 3.2 or, sent ten times, 31 |
 * | the handshake broke off | 4.1–4.3: tried twice | 2.2 or, tried up to ten times, 4–21 |
 *
 * Samples are the request itself, the probe right after it and the same over another name. Noise makes any of them longer, so a band
 * reaches further up than down. What Chromium still had under way (a second connection attempt, a kept HTTP/2 connection) makes the later
 * ones shorter. So two samples in one band decide, `sure` where the request is one of them; one alone decides only where no other
 * contradicts. In Firefox the trace tells requests from handshakes, and the tries differ, so anything from two round trips on is a
 * handshake. Not read at all below 20 ms, in a busy page, behind a service worker, or where TLS takes more than one round trip.
 */
import type { Evidence } from './evidence.js';

export type Came = 'nowhere' | 'connect' | 'certificate' | 'request' | 'handshake';

export interface Distance {
  readonly came: Came;
  readonly sure: boolean;
}

const LEAST_MS = 20;
/** A page whose timers are as late, in round trips, measures nothing. */
const BUSY = 0.4;
const SLOW_TLS = 1.6;
/**
 * When Chromium tries to connect a second time. A probe right after a later failure meets the end of that second try, and is no sample; a
 * name that fails once more fails sooner still.
 */
const SECOND_TRY_MS = 250;

type Band = readonly [from: number, to: number, came: Came];
const SHORT: readonly Band[] = [
  [0, 0.45, 'nowhere'],
  [0.9, 1.65, 'connect'],
];
const CHROMIUM: readonly Band[] = [...SHORT, [1.9, 2.7, 'certificate'], [2.9, 3.55, 'request'], [3.85, 5, 'handshake']];
const FIREFOX: readonly Band[] = [...SHORT, [1.9, 30, 'handshake']];

/** Undefined where the times cannot be read or contradict each other. */
export function distanceOf(seen: Evidence): Distance | undefined {
  const { roundTrip, engine, lagMs, worker, how, silent, resource, probe, probeMs, otherName, otherNameMs, otherPort, pending, trace } =
    seen;
  if (!roundTrip || engine === 'other' || worker || roundTrip.ms < LEAST_MS || lagMs > BUSY * roundTrip.ms) return undefined;
  // A connection that stood: the number of tries is not known.
  if (engine === 'firefox' && trace === 'connection' && seen.probeTrace !== 'no_connection') return undefined;
  const bands = engine === 'firefox' ? FIREFOX : CHROMIUM;
  const read = (ms: number): Came | undefined => {
    const trips = ms / roundTrip.ms;
    const came = bands.find(([from, to]) => trips >= from && trips < to)?.[2];
    return came !== 'nowhere' && came !== 'connect' && roundTrip.tlsTrips > SLOW_TLS ? undefined : came;
  };
  // Elements, sockets and event sources are delayed by the browser.
  const isTimed = how === 'failed' && silent && !pending && trace !== 'connection' && (resource === 'fetch' || resource === 'xhr');
  const own = isTimed ? read(seen.elapsedMs) : undefined;
  const later = [
    ...(probe === 'failed' ? [probeMs] : []),
    // Where the other port answers, the other name fails of the same.
    ...(otherName === 'failed' && otherPort !== 'failed' ? [otherNameMs] : []),
  ];
  const metSecondTry =
    engine === 'chromium' && seen.elapsedMs > SECOND_TRY_MS && (own === 'connect' || own === 'certificate') && probeMs > LEAST_MS;
  const bandsOfLater = later.map((ms) => (metSecondTry && ms === probeMs && read(ms) === 'nowhere' ? undefined : read(ms)));
  const times = (came: Came): number => [own, ...bandsOfLater].filter((each) => each === came).length;
  if (own !== undefined && times(own) > 1) return { came: own, sure: roundTrip.exact };
  const again = bandsOfLater.find((each) => each !== undefined && times(each) > 1);
  // Over a kept connection, what follows a whole request takes one round trip.
  if (again !== undefined) return again === 'connect' && own === 'request' ? undefined : { came: again, sure: false };
  const contradicted = bandsOfLater.some((each) => each !== undefined);
  if (own !== undefined) return contradicted ? undefined : { came: own, sure: false };
  const alone = bandsOfLater.find((each) => each !== undefined && each !== 'connect');
  return alone && { came: alone, sure: false };
}
