/**
 * History as it would have arrived: every failing client of the world and of its incidents, the requests that clients and servers
 * counted, and at the end what truly happened. Counts are drawn per 10 s and host, so that the cost grows with failures, not with clients.
 */
import type { FailuresRow, HistoryRow } from '@outcry/analyzer';
import type { Incident } from './incident.js';
import { arrivalOf, recordedAt } from './lateness.js';
import { cumulate, drawIndex, poisson, stream } from './random.js';
import { Truth } from './truth.js';
import { USUAL_FAILURES } from './world.js';
import type { World, WorldHost } from './world.js';

const BIN_S = 10;
const SERVER_S = 30;
const ATTEMPTS_S = 300;
const DAY_S = 86_400;
/** Failing clients that a host gets from one incident at most per bin, whatever its load: agents sample themselves. */
const MOST_PER_BIN = 60;
/** Requests at the server for each one that an opted-in, sampled client makes. */
const SERVER_PER_CLIENT = 20;
const SERVER_ERRORS = 2e-4;
/** Clients asked for the places in which a project is heard of. */
const PLACES_HEARD = 4_000;
const MEAN_REPEATS = 0.6;

/**
 * @param incidents - From `schedule`, or hand-made.
 * @yields Rows by arrival, the world first and the incidents last. The same world, options and incidents give the same rows.
 */
export function* generate(world: World, incidents: readonly Incident[]): Generator<HistoryRow> {
  const { seed, from, to } = world.options;
  const random = stream(seed, 'failures');
  const late = stream(seed, 'lateness');
  const server = stream(seed, 'server');
  const truths = incidents.map((i) => new Truth(i));
  const shares = cumulate(USUAL_FAILURES.map((f) => f.share));
  const usualShare = shares.at(-1) ?? 0;
  const waiting = new Map<number, HistoryRow[]>();
  const put = (row: Exclude<HistoryRow, { row: 'world' | 'incident' }>): void => {
    const slot = waiting.get(row.arrived);
    if (slot === undefined) waiting.set(row.arrived, [row]);
    else slot.push(row);
  };
  const sums = new Map<WorldHost, { made: number; failed: number; requests: number; errors: number }>();

  const projects: Record<string, string[]> = {};
  for (const { project, host } of world.hosts) (projects[project] ??= []).push(host);
  yield { row: 'world', version: 1, seed, from, to, projects };

  const fail = (
    host: WorldHost,
    at: number,
    client: ReturnType<World['drawClient']>,
    what: { kind: string; type: string },
    active: readonly Truth[],
  ): number => {
    const second = at + Math.floor(random() * BIN_S);
    let arrived: number | null = arrivalOf(late, second, what.kind);
    for (const { incident } of active) {
      if (arrived !== null && incident.arrival !== undefined) arrived = incident.arrival(client, arrived, late);
    }
    if (arrived === null) return second;
    const { kind, type } = what;
    const row: FailuresRow = {
      row: 'failures',
      at: recordedAt(late, second, Math.ceil(arrived)),
      arrived: Math.ceil(arrived),
      project: host.project,
      host: host.host,
      kind,
      type,
      ...client,
      clients: 1,
      requests: 1 + poisson(random, MEAN_REPEATS),
    };
    put(row);
    return second;
  };

  for (let at = from; at < to; at += BIN_S) {
    if ((at - from) % DAY_S < BIN_S) for (const row of placesHeard(world, at)) put(row);
    const now = truths.filter(({ incident }) => incident.start <= at && at < incident.end);
    for (const { incident } of truths) {
      if (incident.clock !== undefined) world.clockShift.delete(incident.clock.country);
    }
    for (const { incident } of now) if (incident.clock !== undefined) world.clockShift.set(incident.clock.country, incident.clock.hours);

    for (const host of world.hosts) {
      const active = now.filter(({ incident }) => incident.hosts.includes(host.host));
      const factor = active.reduce((f, { incident }) => f * (incident.load?.(at) ?? 1), 1);
      const made = (world.loadOf(host, at) * factor * BIN_S) / 60;
      const sum = sums.get(host) ?? { made: 0, failed: 0, requests: 0, errors: 0 };
      sums.set(host, sum);
      const usual = poisson(random, made * usualShare);
      const inPlace = active.map(() => 0);
      for (let i = 0; i < usual; i++) {
        const what = USUAL_FAILURES[drawIndex(random, shares)] ?? USUAL_FAILURES[0];
        const client = world.drawClient(random, host.project, at);
        active.forEach((truth, t) => {
          if (truth.holds(what.kind, client)) inPlace[t] = (inPlace[t] ?? 0) + 1;
        });
        fail(host, at, client, what, active);
      }
      let lost = 0;
      let errors = made * SERVER_PER_CLIENT * SERVER_ERRORS;
      let failed = usual;
      for (const [t, truth] of active.entries()) {
        const { incident } = truth;
        const places = incident.places.length === 0 ? [{}] : incident.places;
        let injected = 0;
        let mean = 0;
        for (const place of places) {
          const there = made * world.shareOf(host.project, place, at);
          mean += there * usualShareOf(incident);
          const affected = there * (incident.failing?.(at) ?? 0);
          const count = poisson(random, Math.min(affected + (incident.madeUp ?? 0) * (BIN_S / 60), MOST_PER_BIN));
          for (let i = 0; i < count; i++) {
            const what = incident.failures[drawIndex(random, cumulate(incident.failures.map((f) => f.share)))];
            if (what === undefined) continue;
            truth.added(fail(host, at, world.drawClient(random, host.project, at, place), what, active));
          }
          injected += count;
          failed += affected;
          if (incident.unseen === true) lost += affected;
        }
        truth.count(host.host, at + BIN_S, injected, inPlace[t] ?? 0, mean);
        errors += made * SERVER_PER_CLIENT * (incident.serverErrors?.(at) ?? 0);
      }
      sum.made += made;
      sum.failed += failed;
      sum.requests += Math.max(0, made - lost) * SERVER_PER_CLIENT;
      sum.errors += errors;
      const end = at + BIN_S;
      const { project, host: name } = host;
      if (end % SERVER_S === 0) {
        const answered = poisson(server, sum.requests);
        const wrong = Math.min(answered, poisson(server, sum.errors));
        put({ row: 'server', at: end, arrived: end, project, host: name, requests: answered, errors: wrong, seconds: SERVER_S });
        sum.requests = 0;
        sum.errors = 0;
      }
      if (end % ATTEMPTS_S === 0) {
        const tried = poisson(server, sum.made);
        put({
          row: 'attempts',
          at: end - ATTEMPTS_S,
          arrived: end + 10,
          project,
          host: name,
          made: tried,
          failed: Math.min(tried, poisson(server, sum.failed)),
        });
        sum.made = 0;
        sum.failed = 0;
      }
    }
    for (let second = at; second < at + BIN_S; second++) {
      yield* waiting.get(second) ?? [];
      waiting.delete(second);
    }
  }
  for (const truth of truths) yield truth.row();
}

const usualShareOf = (incident: Incident): number =>
  USUAL_FAILURES.filter((u) => incident.failures.some((f) => f.kind === u.kind)).reduce((sum, u) => sum + u.share, 0);

function* placesHeard(world: World, at: number): Generator<Extract<HistoryRow, { row: 'place' }>> {
  for (const project of new Set(world.hosts.map((h) => h.project))) {
    const random = stream(world.options.seed, `places ${project} ${String(at)}`);
    const heard = new Map(
      Array.from({ length: PLACES_HEARD }, () => world.drawClient(random, project, at)).map((c) => [Object.values(c).join(), c]),
    );
    for (const client of heard.values()) yield { row: 'place', arrived: at, project, ...client };
  }
}
