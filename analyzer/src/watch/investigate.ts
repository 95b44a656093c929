/** What storage knows about one finding: where it lies, whether it may be named, what else fails there, what the server says. */
import { NEL_MASKING_TYPES } from '@outcry/protocol';
import { localise } from '../localise/localise.js';
import { outstanding } from '../localise/stand-out.js';
import type { Localisation } from '../localise/cell.js';
import { pair } from '../pair/pair.js';
import { IDENTIFYING } from '../publish/shapes.js';
import type { Extrapolation, RawPlace } from '../publish/shapes.js';
import { gridWindow, gridWindows } from '../publish/windows.js';
import { ask, seconds } from '../queries/ask.js';
import { attemptsBySlice } from '../queries/attempts-by-slice.js';
import { attemptsOfPlace } from '../queries/attempts-of-place.js';
import { clientsByKind } from '../queries/clients-by-kind.js';
import { clientsOfPlace } from '../queries/clients-of-place.js';
import { clientsOfSpike } from '../queries/clients-of-spike.js';
import type { ClientsOfSpikeRow } from '../queries/clients-of-spike.js';
import { failureCells } from '../queries/failure-cells.js';
import type { FailureCellRow } from '../queries/failure-cells.js';
import { EVERYWHERE, placesOf } from '../queries/in-places.js';
import { knownPlaces } from '../queries/known-places.js';
import { lateShareOf } from '../queries/late-share.js';
import { markersBetween } from '../queries/markers-between.js';
import { nelByType } from '../queries/nel-by-type.js';
import { probersOfHost } from '../queries/probers-of-host.js';
import { pathOfPlace } from '../queries/path-of-place.js';
import { sliceRates } from '../queries/slice-rates.js';
import { serverCounters } from '../queries/server-counters.js';
import { stretchOf } from '../queries/stretch.js';
import { affectedClients } from './affected.js';
import { extrapolate } from './extrapolate.js';
import { strataOf } from './strata.js';
import { unseenClients } from './unseen.js';
import type { Unseen } from './unseen.js';
import { believedPlace, offlineBeside, signedProbers } from './beside.js';
import { cellsOf } from './evidence-cells.js';
import type { Finding, Group } from './find.js';
import { isIn, isThere } from './in-place.js';
import type { Placed } from './placed.js';
import { probersOf } from '../server-metrics/prober-evidence.js';
import { isPrometheus, tellsOfServer } from '../server-metrics/source.js';
import { serverEvidence } from '../server-metrics/server-evidence.js';
import type { WatchDeps } from './settings.js';
import { PLACE_DIMENSIONS } from './shares.js';
import type { Where } from './shares.js';
import type { SpikeDocument } from './spike-record.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What was heard in the hours before the start tells who is awake. */
const RECENT_MS = 3 * HOUR_MS;
const ATTEMPT_BIN_MS = 300_000;
/** A deploy this long before the start is set beside it. */
const DEPLOY_MS = 30 * 60_000;
/** Places that a spike found in places only may name. */
const MAX_PARTS = 5;
const NOBODY: ClientsOfSpikeRow = { most: 0, all: 0, requests: 0, weight: 0 };

const endOf = (group: Group, nowMs: number): number => group.spike.endMs ?? nowMs;

/** Where a group lies. What shows in the whole host is localised; what shows in places only is localised too, and else lies in them. */
export async function place(group: Group, deps: WatchDeps): Promise<Placed> {
  const { project, host, kind, parts } = group;
  const stretch = stretchOf(group.spike.startMs, endOf(group, deps.now()));
  const rows = await ask(deps.client, failureCells, { project, host, kind, ...stretch });
  const { startMs } = group.spike;
  const heard = { from: seconds(startMs - DAY_MS), recent: seconds(startMs - RECENT_MS), until: seconds(startMs) };
  const known = await ask(deps.client, knownPlaces, { project, ...heard });
  const scale = 1 / stretch.baselines;
  const cells = cellsOf(rows, known, stretch.baselines);
  const options = { baselineScale: scale, dimensions: PLACE_DIMENSIONS };
  const localised = localise(cells, options);
  const places = localised.causes.length > 0 ? [] : outstanding(cells, chosenOf(parts), options);
  const localisation = places.length === 0 ? localised : inParts(places, rows, scale, localised);
  const only = localisation.causes.length === 1 ? Object.entries(localisation.causes[0]?.where ?? {}) : [];
  const expectedWhole = rows.reduce((s, r) => s + r.allBefore, 0) * scale * stretch.times;
  const everywhere = known.reduce((sum, r) => sum + r.clients, 0);
  const inside = known.filter((r) => isThere(localisation, r)).reduce((sum, r) => sum + r.clients, 0);
  const share = everywhere > 0 ? inside / everywhere : 0;
  return { group, rows, expectedWhole, localisation, share, scope: only.map((d) => d.join('=')).join(','), stretch };
}

/** The surest place and those of the same dimension beside it: the others hold the same clients by another name. */
function chosenOf(parts: readonly Finding[]): Where[] {
  const dimension = PLACE_DIMENSIONS.find((d) => parts[0]?.where[d] !== undefined);
  return parts.flatMap(({ where }) => (dimension !== undefined && where[dimension] !== undefined ? [where] : [])).slice(0, MAX_PARTS);
}

/** The places that the detector found, where the whole host's excess is too small to be placed. */
function inParts(places: readonly Where[], rows: readonly FailureCellRow[], scale: number, localised: Localisation): Localisation {
  const excessOf = (where: Where): { now: number; before: number } => {
    const inside = rows.filter((r) => isIn(r, where));
    return { now: inside.reduce((s, r) => s + r.now, 0), before: inside.reduce((s, r) => s + r.before, 0) };
  };
  const all = places.map((where) => ({ where, ...excessOf(where) }));
  const total = Math.max(
    1e-9,
    all.reduce((s, p) => s + p.now - p.before * scale, 0),
  );
  const causes = all.map(({ where, now, before }) => ({
    where: where,
    failures: now,
    attempts: 0,
    rate: null,
    baselineRate: null,
    low: now,
    high: now,
    explained: Math.min(1, Math.max(0, (now - before * scale) / total)),
  }));
  return { causes, alternatives: localised.alternatives, unexplained: 0, reason: 'placed' };
}

/** Everything else about a placed group, as the spike's document. @param previous - Its last version, if any. */
export async function investigate(
  placed: Placed,
  previous: SpikeDocument | undefined,
  deps: WatchDeps,
): Promise<Omit<SpikeDocument, 'slo'>> {
  const { group, localisation, stretch } = placed;
  const { project, host, kind, spike } = group;
  const fromMs = spike.startMs;
  const toMs = endOf(group, deps.now());
  const scale = 1 / stretch.baselines;
  const subject = { project, host };
  const span = { before: seconds(fromMs - HOUR_MS), from: seconds(fromMs), to: seconds(toMs) };
  const { where, networks } = await believedPlace(placed, deps);
  // What is said of those who fail is asked of where they are: one place, several, or everywhere.
  const places = placesOf(localisation.causes.map((cause) => cause.where));
  const isPlaced = localisation.causes.length > 0;

  const kinds = await ask(deps.client, clientsByKind, { ...subject, ...EVERYWHERE, ...stretch });
  const kindsThere = isPlaced ? await ask(deps.client, clientsByKind, { ...subject, ...places, ...stretch }) : kinds;
  const attemptSpan = { ...span, from: seconds(Math.floor(fromMs / ATTEMPT_BIN_MS) * ATTEMPT_BIN_MS) };
  const [attempts] = await ask(deps.client, attemptsOfPlace, { ...subject, ...places, ...attemptSpan });
  const [path] = await ask(deps.client, pathOfPlace, { project, ...places, ...span });
  const nel = (await ask(deps.client, nelByType, { ...subject, ...places, masking: NEL_MASKING_TYPES, ...stretch })).find(
    ({ type }) => type === '',
  );
  const deploys = await ask(deps.client, markersBetween, { ...subject, from: seconds(fromMs - DEPLOY_MS), to: span.from });
  const sources = deps.serverMetrics.filter((m) => m.project === project && m.host === host);
  const counters = sources.length > 0 ? await ask(deps.client, serverCounters, { ...subject, from: span.before, to: span.to + 1 }) : [];
  const [probing] = await ask(deps.client, probersOfHost, { ...subject, except: where['network'] ?? '', ...attemptSpan });
  const pulled = probersOf(counters, { startMs: fromMs, endMs: toMs });
  const whole = { ...subject, kind, start: stretch.start, to: stretch.to };
  const [everyone = NOBODY] = await ask(deps.client, clientsOfSpike, { ...whole, ...EVERYWHERE });
  const [inside = NOBODY] = isPlaced ? await ask(deps.client, clientsOfSpike, { ...whole, ...places }) : [everyone];

  const ofKind = kinds.filter((r) => r.kind === kind);
  const type = ofKind.filter((r) => r.type !== '').sort((a, b) => b.counted - a.counted || b.now - a.now)[0]?.type ?? null;
  const offline = kindsThere.find((r) => r.kind === 'offline' && r.type === '');
  const there = placed.rows.filter((r) => isThere(localisation, r));
  const expected = there.reduce((s, r) => s + r.allBefore, 0) * scale;
  const inPlace = there.reduce((s, r) => s + r.allNow, 0);
  const unseen = unseenClients({ clients: everyone.all, requests: everyone.requests, weight: everyone.weight });
  const expectedInAll = expected * stretch.times;
  const clientsInPlace = Math.max(inPlace, inside.most);
  const signed = signedProbers(probing, attemptSpan.from, deps);
  const verdict = pair(
    {
      kind,
      type,
      place: { network: where['network'] ?? null, country: where['country'] ?? null, release: where['release'] ?? null },
      ...(placed.share > 0 && { share: placed.share }),
      networksFailing: networks,
      failingClients: inPlace,
      expectedClients: expected,
      ...(nel !== undefined && { nel: { now: nel.now, baseline: nel.before * scale } }),
      ...(offline !== undefined && { offline: await offlineBeside(placed, offline, deps) }),
      probers: pulled,
      ...(signed !== undefined && { signedProbers: signed }),
      attempts:
        attempts === undefined
          ? null
          : { made: attempts.made, failed: attempts.failed, baselineMade: attempts.made_before, baselineFailed: attempts.failed_before },
      path:
        path === undefined
          ? null
          : { told: path.told, failed: path.failed, baselineTold: path.told_before, baselineFailed: path.failed_before },
      deploys: deploys
        .filter((marker) => marker.kind === 'deploy')
        .map(({ time, release }) => ({ minutesBefore: Math.round((fromMs / 1000 - time) / 60), release })),
    },
    sources.some(tellsOfServer) ? serverEvidence(counters, { startMs: fromMs, endMs: toMs }) : null,
  );
  return {
    foundMs: Math.min(spike.foundMs, previous?.foundMs ?? Infinity),
    lastSeenMs: toMs,
    failingClients: everyone.most,
    expectedClients: expectedInAll,
    expectedWhole: placed.expectedWhole,
    foundIn: group.parts.length > 0 || previous?.foundIn === 'network' ? 'network' : 'host',
    clientsInPlace,
    affected: affectedClients({
      failing: everyone.most,
      failingOnAllDays: everyone.all,
      before: placed.rows.reduce((s, r) => s + r.allBefore, 0) * stretch.times,
      baselines: stretch.baselines,
      unseen,
      lateShare: deps.lateShare ?? lateShareOf(undefined),
    }),
    peakClients: spike.peak,
    failedRequests: everyone.requests,
    lostRequests: inside.weight * Math.max(0, 1 - expectedInAll / Math.max(1, clientsInPlace)),
    pValue: Math.min(spike.pValue, previous?.pValue ?? 1),
    type,
    byKind: Object.fromEntries(kinds.filter((r) => r.type === '' && r.now > 0).map((r) => [r.kind, r.now])),
    places: await measurePlaces(placed, previous, deps),
    placeReason: localisation.reason,
    unexplained: localisation.unexplained,
    networksFailing: networks,
    verdict,
    allUsers: await toAllUsers(placed, unseen, deps),
  };
}

/** All users that fail, where a source tells the server's requests by country and release. */
async function toAllUsers({ group, rows, stretch }: Placed, unseen: Unseen, deps: WatchDeps): Promise<Extrapolation> {
  const { project, host, spike } = group;
  const isTold = deps.serverMetrics.some((m) => m.project === project && m.host === host && isPrometheus(m) && m.slicesQuery !== undefined);
  if (!isTold) return extrapolate([]);
  // Whole bins of attempts that were told of before the spike began.
  const toMs = Math.floor(spike.startMs / ATTEMPT_BIN_MS) * ATTEMPT_BIN_MS - 2 * ATTEMPT_BIN_MS;
  const span = { project, host, from: seconds(toMs - HOUR_MS), to: seconds(toMs) };
  const attempts = await ask(deps.client, attemptsBySlice, span);
  return extrapolate(strataOf(rows, stretch.baselines, attempts, await ask(deps.client, sliceRates, span)), unseen);
}

/** The places with the clients that decide whether they may be named: the most in any window of the grid so far. */
async function measurePlaces(placed: Placed, previous: SpikeDocument | undefined, deps: WatchDeps): Promise<RawPlace[]> {
  const { group, localisation } = placed;
  const { project, host, kind } = group;
  const toMs = endOf(group, deps.now());
  const windows = [...gridWindows('10m', group.spike.startMs, toMs, 2), gridWindow('1h', toMs)];
  return Promise.all(
    localisation.causes.map(async (cause): Promise<RawPlace> => {
      const before = previous?.places.find((p) => JSON.stringify(p.where) === JSON.stringify(cause.where))?.clientsBy ?? {};
      const clientsBy: Record<string, number> = { ...before };
      for (const where of namings(cause.where)) {
        const key = IDENTIFYING.filter((d) => where[d] !== undefined).join('+');
        for (const window of windows) {
          const [row] = await ask(deps.client, clientsOfPlace, {
            project,
            host,
            kind,
            network: where['network'] ?? '',
            country: where['country'] ?? '',
            release: where['release'] ?? '',
            from: seconds(window.startMs),
            to: seconds(window.endMs),
          });
          clientsBy[key] = Math.max(clientsBy[key] ?? 0, row?.clients ?? 0);
        }
      }
      return { where: cause.where, explained: cause.explained, clientsBy };
    }),
  );
}

/** The place itself and every coarser way to name it. */
function namings(where: Readonly<Record<string, string>>): Record<string, string>[] {
  const single = Object.entries(where).map(([d, value]) => ({ [d]: value }));
  const network = where['network'];
  const country = network === undefined ? undefined : network.slice(network.lastIndexOf('/') + 1);
  const all: Record<string, string>[] = [{ ...where }, ...single, ...(country === undefined ? [] : [{ country }])];
  return [...new Map(all.map((w) => [JSON.stringify(w), w])).values()];
}
