/** What storage knows about one finding: where it lies, whether it may be named, what else fails there, what the server says. */
import { localise } from '../localise/localise.js';
import type { Localisation } from '../localise/cell.js';
import { pair } from '../pair/pair.js';
import { IDENTIFYING } from '../publish/shapes.js';
import type { RawPlace } from '../publish/shapes.js';
import { gridWindow, gridWindows } from '../publish/windows.js';
import { ask, seconds } from '../queries/ask.js';
import { attemptsOfPlace } from '../queries/attempts-of-place.js';
import { clientsByKind } from '../queries/clients-by-kind.js';
import { clientsOfPlace } from '../queries/clients-of-place.js';
import { failureCells } from '../queries/failure-cells.js';
import type { FailureCellRow } from '../queries/failure-cells.js';
import { knownPlaces } from '../queries/known-places.js';
import { serverCounters } from '../queries/server-counters.js';
import { stretchOf } from '../queries/stretch.js';
import { cellsOf, networksFailing, PLACE_DIMENSIONS } from './evidence-cells.js';
import type { Finding } from './find.js';
import { serverEvidence } from './server-evidence.js';
import type { WatchDeps } from './settings.js';
import type { SpikeDocument } from './spike-record.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ATTEMPT_BIN_MS = 300_000;

export interface Placed {
  readonly finding: Finding;
  /** Cells of the network that it was found in, else of the whole host. */
  readonly rows: readonly FailureCellRow[];
  /** What was to be expected of the whole host and kind, whatever it was found in. */
  readonly expectedWhole: number;
  readonly localisation: Localisation;
  /** '' or `network=…`: the scope that a new spike of this finding gets. */
  readonly scope: string;
  /** The spike and the stretches before it; 1 ÷ `baselines` brings their sum to the length of one. */
  readonly stretch: ReturnType<typeof stretchOf>;
}

const endOf = (finding: Finding, nowMs: number): number => finding.spike.endMs ?? nowMs;

/** Where a finding lies. One inside a network is placed there; one of the whole host is localised. */
export async function place(finding: Finding, deps: WatchDeps): Promise<Placed> {
  const { project, host, kind, network } = finding;
  const stretch = stretchOf(finding.spike.startMs, endOf(finding, deps.now()));
  const rows = await ask(deps.client, failureCells, { project, host, kind, ...stretch });
  const known = await ask(deps.client, knownPlaces, { project, from: seconds(finding.spike.startMs - DAY_MS) });
  const scale = 1 / stretch.baselines;
  const own = network === null ? rows : rows.filter((r) => r.network === network);
  const localisation =
    network === null
      ? localise(cellsOf(rows, known), { baselineScale: scale, dimensions: PLACE_DIMENSIONS })
      : localise(
          cellsOf(own, [])
            .map((c) => ({ ...c, where: { network } }))
            .concat(silentNetworks(known, network)),
          { baselineScale: scale },
        );
  const only = localisation.causes.length === 1 ? localisation.causes[0] : undefined;
  const named = network ?? only?.where['network'];
  const expectedWhole = rows.reduce((s, r) => s + r.before, 0) * scale;
  return { finding, rows: own, expectedWhole, localisation, scope: named === undefined ? '' : `network=${named}`, stretch };
}

function silentNetworks(known: readonly { network: string }[], except: string) {
  const others = [...new Set(known.map((k) => k.network))].filter((n) => n !== except);
  const names = others.length > 0 ? others : ['any other'];
  return names.map((network) => ({ where: { network }, failures: 0, baselineFailures: 0, attempts: 0, baselineAttempts: 0 }));
}

/** Everything else about a placed finding, as the spike's document. @param previous - Its last version, if any. */
export async function investigate(placed: Placed, previous: SpikeDocument | undefined, deps: WatchDeps): Promise<SpikeDocument> {
  const { finding, localisation, stretch } = placed;
  const { project, host, kind, spike } = finding;
  const fromMs = spike.startMs;
  const toMs = endOf(finding, deps.now());
  const scale = 1 / stretch.baselines;
  const subject = { project, host };
  const span = { before: seconds(fromMs - HOUR_MS), from: seconds(fromMs), to: seconds(toMs) };
  const where = localisation.causes.length === 1 ? (localisation.causes[0]?.where ?? {}) : {};
  const network = where['network'] ?? '';

  const kinds = await ask(deps.client, clientsByKind, { ...subject, network: '', ...stretch });
  const kindsThere = network === '' ? kinds : await ask(deps.client, clientsByKind, { ...subject, network, ...stretch });
  const attemptSpan = { ...span, from: seconds(Math.floor(fromMs / ATTEMPT_BIN_MS) * ATTEMPT_BIN_MS) };
  const [attempts] = await ask(deps.client, attemptsOfPlace, { ...subject, network, ...attemptSpan });
  const measured = deps.serverMetrics.some((m) => m.project === project && m.host === host);
  const counters = measured ? await ask(deps.client, serverCounters, { ...subject, from: span.before, to: span.to + 1 }) : [];
  const everyone = await ask(deps.client, clientsOfPlace, {
    ...subject,
    kind,
    network: '',
    country: '',
    release: '',
    from: stretch.from,
    to: stretch.to,
  });

  const ofKind = kinds.filter((r) => r.kind === kind);
  const type = ofKind.filter((r) => r.type !== '').sort((a, b) => b.now - a.now)[0]?.type ?? null;
  const offline = kindsThere.find((r) => r.kind === 'offline' && r.type === '');
  const there = (r: FailureCellRow): boolean => PLACE_DIMENSIONS.every((d) => where[d] === undefined || r[d] === where[d]);
  const failing = Math.max(everyone[0]?.clients ?? 0, 0);
  const expected = placed.rows.filter(there).reduce((s, r) => s + r.before, 0) * scale;
  const inPlace = placed.rows.filter(there).reduce((s, r) => s + r.now, 0);
  const failingNetworks = networksFailing(placed.rows, scale);
  const verdict = pair(
    {
      kind,
      type,
      place: { network: where['network'] ?? null, country: where['country'] ?? null, release: where['release'] ?? null },
      networksFailing: localisation.causes.length > 1 ? Math.max(2, failingNetworks) : failingNetworks,
      failingClients: inPlace,
      expectedClients: expected,
      ...(offline !== undefined && { offline: { now: offline.now, baseline: offline.before * scale } }),
      attempts:
        attempts === undefined
          ? null
          : { made: attempts.made, failed: attempts.failed, baselineMade: attempts.made_before, baselineFailed: attempts.failed_before },
    },
    serverEvidence(counters, { startMs: fromMs, endMs: toMs }),
  );
  return {
    foundMs: Math.min(spike.foundMs, previous?.foundMs ?? Infinity),
    lastSeenMs: toMs,
    failingClients: failing,
    expectedClients: expected,
    expectedWhole: placed.expectedWhole,
    foundIn: finding.network !== null || previous?.foundIn === 'network' ? 'network' : 'host',
    peakClients: spike.peak,
    failedRequests: ofKind.find((r) => r.type === '')?.requests ?? 0,
    pValue: Math.min(spike.pValue, previous?.pValue ?? 1),
    type,
    byKind: Object.fromEntries(kinds.filter((r) => r.type === '' && r.now > 0).map((r) => [r.kind, r.now])),
    places: await measurePlaces(placed, previous, deps),
    placeReason: localisation.reason,
    unexplained: localisation.unexplained,
    networksFailing: failingNetworks,
    verdict,
  };
}

/** The places with the clients that decide whether they may be named: the most in any window of the grid so far. */
async function measurePlaces(placed: Placed, previous: SpikeDocument | undefined, deps: WatchDeps): Promise<RawPlace[]> {
  const { finding, localisation } = placed;
  const { project, host, kind } = finding;
  const toMs = endOf(finding, deps.now());
  const windows = [...gridWindows('10m', finding.spike.startMs, toMs, 2), gridWindow('1h', toMs)];
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
