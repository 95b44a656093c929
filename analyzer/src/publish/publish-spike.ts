import { publishAllUsers } from './publish-all-users.js';
import { cellCount, plainCount, rounded, ROUNDING } from './count.js';
import type { PublishedCount } from './count.js';
import { countryOf, publishPlaces } from './publish-places.js';
import { publishSlo } from './publish-slo.js';
import type { PublishedPlace, PublishedSpike, RawSpike } from './shapes.js';

const iso = (ms: number): string => new Date(ms).toISOString();

/** A spike named at the finest place that has k clients. Only for `publish()`. */
export function publishSpike(raw: RawSpike, k: number): PublishedSpike {
  const places = publishPlaces(raw, k);
  const only = places.length === 1 ? places[0] : undefined;
  const whole = plainCount(raw.failingClients);
  // One network, country or release is named with its own (rounded) count; otherwise the count is that of host and kind.
  const clients: PublishedCount = only === undefined ? whole : { value: only.clients, text: only.clients_text };
  // What is known of places alone may be said only where each of them goes by its very name.
  const unnamed = isCoarser(raw, places);
  const isOfPlace = raw.places.length === 1 && !unnamed;
  const expected = isOfPlace ? coarse(raw.expectedClients) : Number(raw.expectedWhole.toPrecision(2));
  const peak = raw.foundIn === 'network' ? cellCount(raw.peakClients, k) : plainCount(raw.peakClients);
  const byKind = Object.entries(raw.byKind).map(([kind, n]) => [kind, plainCount(n)] as const);
  return {
    id: raw.id,
    project: raw.project,
    host: raw.host,
    kind: raw.kind,
    type: raw.type,
    network: only?.where.network ?? null,
    country: only?.where.country ?? countryOf(only?.where.network),
    release: only?.where.release ?? null,
    places,
    place_note: note(raw, places, k),
    state: raw.state,
    phase: raw.phase,
    started_at: iso(raw.startedMs),
    ended_at: raw.endedMs === null || raw.state === 'open' ? null : iso(raw.endedMs),
    quiet_since: raw.endedMs === null || raw.state !== 'open' ? null : iso(raw.endedMs),
    found_at: iso(raw.foundMs),
    reopened: raw.reopened,
    merged_into: raw.mergedInto,
    failing_clients: clients.value,
    failing_clients_text: clients.text,
    expected_clients: expected,
    affected_clients: whole.value === null ? null : outward(raw.affected),
    all_users: publishAllUsers({ failingClients: raw.failingClients, of: raw.allUsers }, k),
    peak_clients: peak.value,
    peak_clients_text: peak.text,
    failed_requests_text: magnitude(raw.failedRequests),
    estimated_loss_text: lossOf(raw),
    p_value: raw.foundIn === 'network' ? null : Number(raw.pValue.toPrecision(1)),
    failing_by_kind: Object.fromEntries(byKind.map(([kind, n]) => [kind, n.value])),
    failing_by_kind_text: Object.fromEntries(byKind.map(([kind, n]) => [kind, n.text])),
    severity: raw.severity,
    slo: raw.slo === null ? null : publishSlo({ shape: 'slo', ...raw.slo }),
    verdict: raw.verdict.verdict,
    uncorroborated: raw.verdict.uncorroborated,
    verdict_detail: {
      by_probers: raw.verdict.byProbers,
      because: raw.verdict.because,
      numbers: { ...numbersOf(raw, unnamed), failing_clients: clients.value, expected_clients: expected },
      would_change: raw.verdict.wouldChange,
      runbook: raw.verdict.runbook,
    },
  };
}

/** An interval rounded outward, so that one client more or less does not show. */
function outward(interval: RawSpike['affected']): PublishedSpike['affected_clients'] {
  if (interval === null) return null;
  return { low: Math.floor(interval.low / ROUNDING) * ROUNDING, high: Math.ceil(interval.high / ROUNDING) * ROUNDING };
}

/** What is usual at one place: fewer than one is 0, else rounded as its count is. */
function coarse(expected: number): number {
  return expected < 1 ? 0 : Math.max(ROUNDING, rounded(expected));
}

/** Why no place is named, by the reason that `localise` gives; any other means everywhere. */
const UNPLACED: ReadonlyMap<string, string> = new Map([
  ['too_few', 'There are too few failures to say where they lie.'],
  ['no_excess', 'No place fails so much more than before that it could be named.'],
  [
    'not_in_these_dimensions',
    'The failures are uneven, but neither network, country nor release tells what those that fail have in common.',
  ],
]);

function note(raw: RawSpike, places: readonly PublishedPlace[], k: number): string | null {
  if (raw.places.length === 0) {
    return UNPLACED.get(raw.placeReason) ?? 'The failures are not limited to a network, country or release.';
  }
  return isCoarser(raw, places)
    ? `A finer or further place is known but has fewer than ${k} clients of its own, so it is not named.`
    : null;
}

/** Whether a place is known that is not named as finely as that. */
const isCoarser = (raw: RawSpike, places: readonly PublishedPlace[]): boolean =>
  raw.places.some((p) => !places.some((q) => JSON.stringify(q.where) === JSON.stringify(p.where)));

/** Numbers of the verdict: shares of clients, attempts and deliveries belong to the places and are coarse, the rest is the server's own. */
function numbersOf(raw: RawSpike, unnamed: boolean): RawSpike['verdict']['numbers'] {
  const n = raw.verdict.numbers;
  const percent = (x: number | null): number | null => (x === null || unnamed ? null : Math.round(x * 100) / 100);
  return {
    ...n,
    request_dip_most: percent(n.request_dip_most),
    attempts_failed_share: percent(n.attempts_failed_share),
    attempts_failed_share_before: percent(n.attempts_failed_share_before),
    collectors_missed_share: percent(n.collectors_missed_share),
    collectors_missed_share_before: percent(n.collectors_missed_share_before),
  };
}

/** As coarse as the number of requests, from which it is made. */
function lossOf({ cost, failedRequests, lostRequests = failedRequests }: RawSpike): string | null {
  if (cost === undefined || !(lostRequests >= 10)) return null;
  return `about ${Number((roundedRequests(lostRequests) * cost.perFailedRequest).toPrecision(1))} ${cost.currency}`;
}

/** Requests are no clients, but one client's retries could be told from an exact number. */
function magnitude(n: number): string {
  if (!(n >= 10)) return 'fewer than 10';
  return `about ${roundedRequests(n)}`;
}

function roundedRequests(n: number): number {
  const scale = 10 ** Math.floor(Math.log10(n));
  return Math.round(n / scale) * scale;
}
