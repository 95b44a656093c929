/**
 * History as it would have arrived: every failing client of the world and of its incidents, the requests that clients and servers
 * counted, and at the end what truly happened. Counts are drawn per 10 s and host, so that the cost grows with failures, not with clients.
 */
import type { AttemptsRow, FailuresRow, HistoryRow } from '@outcry/analyzer';
import { Arrivals, type TellSource } from './arrivals.js';
import { asTheyArrive } from './attempts-arrive.js';
import type { Incident } from './incident.js';
import { arrivalOf, recordedAt } from './lateness.js';
import { NetworkAttempts } from './network-attempts.js';
import { cumulate, drawIndex, poisson, stream } from './random.js';
import { placesOf, Truth } from './truth.js';
import type { Random } from './random.js';
import { USUAL_FAILURES } from './world.js';
import type { World, WorldHost } from './world.js';

const BIN_S = 10;
const SERVER_S = 30;
const ATTEMPTS_S = 300;
const HOUR_S = 3_600;
/** Failing clients that a host gets from one incident at most per bin, whatever its load: agents sample themselves. */
const MOST_PER_BIN = 20;
/** Requests at the server for each one that an opted-in, sampled client makes. */
const SERVER_PER_CLIENT = 20;
const SERVER_ERRORS = 2e-4;
/** Clients of each project whose place is heard of in an hour, and at the start, as if a day had gone before. */
const PLACES_HEARD = 600;
const PLACES_HEARD_FIRST = 6_000;
/** Agents seal the attempts of five minutes at a random moment of the next five. */
const ATTEMPTS_LATE_S = 310;
const MEAN_REPEATS = 0.6;
/** Where assumptions are broken: further failures of a burst on average, late and skewed shares. */
const BURST = 0.5;
const BROKEN_QUEUED_SHARE = 0.2;
const BROKEN_SKEWED_SHARE = 0.1;
const MOST_TRIES = 50;

/**
 * @param incidents - From `schedule`, or hand-made. @param tell - Told of the address prefix behind each row of failures, before it is yielded.
 * @yields Rows by arrival, the world first and the incidents last. The same world, options and incidents give the same rows.
 */
export function* generate(world: World, incidents: readonly Incident[], tell?: TellSource): Generator<HistoryRow> {
  const { seed, from, to, broken } = world.options;
  const random = stream(seed, 'failures');
  const late = stream(seed, 'lateness');
  const server = stream(seed, 'server');
  const truths = incidents.map((i) => new Truth(i));
  const shares = cumulate(USUAL_FAILURES.map((f) => f.share));
  const usualShare = shares.at(-1) ?? 0;
  const prefixes = stream(seed, 'prefixes');
  const arrivals = new Arrivals(stream(seed, 'collectors'), tell);
  const put = arrivals.add.bind(arrivals);
  const networkAttempts = new NetworkAttempts(world, incidents);
  const sums = new Map<WorldHost, { made: number; madeUp: number; failed: number; requests: number; errors: number }>();

  const projects: Record<string, string[]> = {};
  for (const { project, host } of world.hosts) (projects[project] ??= []).push(host);
  yield { row: 'world', version: 1, seed, from, to, projects };

  const fail = (
    host: WorldHost,
    at: number,
    client: ReturnType<World['drawClient']>,
    what: { kind: string; type: string },
    active: readonly Truth[],
    { prefix, offlineS }: { readonly prefix?: string | undefined; readonly offlineS?: number | undefined } = {},
  ): number => {
    const second = at + Math.floor(random() * BIN_S);
    let arrived: number | null = arrivalOf(late, second, what.kind, broken === 'late' ? BROKEN_QUEUED_SHARE : undefined, offlineS);
    for (const { incident } of active) {
      what = incident.rename?.(what, at, random) ?? what;
      if (arrived !== null && incident.arrival !== undefined) arrived = incident.arrival(client, arrived, late);
    }
    if (arrived === null) return second;
    const { kind, type } = what;
    const sampled = samplingOf(active, at);
    if (sampled < 1 && random() >= sampled) return second;
    const row: FailuresRow = {
      row: 'failures',
      at: recordedAt(late, second, Math.ceil(arrived), broken === 'skewed' ? BROKEN_SKEWED_SHARE : undefined),
      arrived: Math.ceil(arrived),
      project: host.project,
      host: host.host,
      kind,
      type,
      ...client,
      clients: 1,
      requests: 1 + poisson(random, MEAN_REPEATS),
      ...(sampled < 1 && { weight: 1 / sampled }),
    };
    put(row, prefix ?? `${client.network} ${String(world.prefixOf(prefixes, client.network))}`);
    return second;
  };

  for (let at = from; at < to; at += BIN_S) {
    if (at % HOUR_S === 0) for (const row of placesHeard(world, at, at === from ? PLACES_HEARD_FIRST : PLACES_HEARD)) put(row);
    const now = truths.filter(({ incident }) => incident.start <= at && at < incident.end);
    for (const { incident } of truths) {
      if (incident.clock !== undefined) world.clockShift.delete(incident.clock.country);
    }
    for (const { incident } of now) if (incident.clock !== undefined) world.clockShift.set(incident.clock.country, incident.clock.hours);

    for (const host of world.hosts) {
      const active = now.filter(({ incident }) => incident.hosts.includes(host.host));
      const factor = active.reduce((f, { incident }) => f * (incident.load?.(at) ?? 1), 1);
      const optIn = active.reduce((f, { incident }) => f * (incident.optIn?.(at) ?? 1), 1);
      const made = (world.loadOf(host, at) * factor * optIn * BIN_S) / 60;
      const served = made / optIn;
      const sum = sums.get(host) ?? { made: 0, madeUp: 0, failed: 0, requests: 0, errors: 0 };
      sums.set(host, sum);
      const raised = active.reduce((f, { incident }) => f * (incident.usual?.(at) ?? 1), 1);
      const usual = poisson(random, made * usualShare * raised);
      const tallies = active.map((truth) => truth.tallies());
      for (let i = 0; i < usual; i++) {
        const what = USUAL_FAILURES[drawIndex(random, shares)] ?? USUAL_FAILURES[0];
        const client = usualClient(world, random, host.project, at);
        active.forEach((truth, t) => truth.usual(tallies[t] ?? [], what.kind, client));
        fail(host, at, client, what, active);
        for (let more = broken === 'bursty' ? poisson(random, BURST) : 0; more > 0; more--) fail(host, at, client, what, active);
      }
      let lost = 0;
      let errors = served * SERVER_PER_CLIENT * SERVER_ERRORS;
      let failed = usual;
      for (const [t, truth] of active.entries()) {
        const { incident } = truth;
        const tally = tallies[t] ?? [];
        const kinds = cumulate(incident.failures.map((f) => f.share));
        for (const [i, place] of placesOf(incident).entries()) {
          const affected = made * world.shareOf(host.project, place, at) * (incident.failing?.(at) ?? 0);
          const mean = Math.min(affected + (incident.madeUp ?? 0) * (BIN_S / 60), MOST_PER_BIN);
          truth.expect(tally, i, made * world.usualShareOf(host.project, place, at), mean);
          const count = poisson(random, mean);
          // So many of them lie in each place that all are in use.
          const from = incident.madeUpFrom === undefined ? 0 : Math.max(1, Math.floor(incident.madeUpFrom / placesOf(incident).length));
          for (let c = 0; c < count; c++) {
            const what = incident.failures[drawIndex(random, kinds)];
            if (what === undefined) continue;
            const prefix = from === 0 ? undefined : `${incident.id} ${String(i)} ${String(Math.floor(prefixes() * from))}`;
            const second = fail(host, at, world.drawClient(random, host.project, at, place), what, active, {
              prefix,
              offlineS: incident.offlineS,
            });
            truth.added(tally, i, what.kind, second);
          }
          sum.madeUp += networkAttempts.add(incident, host.host, place['network'] ?? '', count);
          failed += affected;
          if (incident.unseen === true) lost += (affected / optIn) * (incident.optedOut ?? 1);
        }
        truth.count(host.host, at + BIN_S, tally);
        errors += served * SERVER_PER_CLIENT * (incident.serverErrors?.(at) ?? 0);
      }
      sum.made += made;
      sum.failed += failed;
      sum.requests += Math.max(0, served - lost) * SERVER_PER_CLIENT;
      sum.errors += errors;
      const end = at + BIN_S;
      const { project, host: name } = host;
      if (end % SERVER_S === 0 && broken !== 'no-server-metrics') {
        const answered = poisson(server, sum.requests);
        const wrong = Math.min(answered, poisson(server, sum.errors));
        put({ row: 'server', at: end, arrived: end, project, host: name, requests: answered, errors: wrong, seconds: SERVER_S });
        sum.requests = 0;
        sum.errors = 0;
      }
      if (end % ATTEMPTS_S === 0 && broken !== 'no-attempts') {
        const span = { at: end - ATTEMPTS_S, end, arrived: end + ATTEMPTS_LATE_S };
        const tried = poisson(server, sum.made);
        const { madeUp } = sum;
        const whole: AttemptsRow = {
          row: 'attempts',
          at: span.at,
          arrived: span.arrived,
          project,
          host: name,
          made: tried + madeUp,
          failed: Math.min(tried, poisson(server, sum.failed)) + madeUp,
        };
        const held = incidents.filter((i) => i.hosts.includes(name) && i.start <= span.arrived && span.arrived < i.end);
        for (const row of asTheyArrive(whole, held, () => world.drawClient(late, project, span.at), late)) put(row);
        for (const row of networkAttempts.rows(host, sum.made, usualShare, span)) put(row);
        sum.made = 0;
        sum.madeUp = 0;
        sum.failed = 0;
      }
    }
    for (let second = at; second < at + BIN_S; second++) yield* arrivals.at(second);
  }
  for (const truth of truths) yield truth.row(world);
}

/** A client whose request fails as usual. In uneven networks those that fail often are drawn more often. */
function usualClient(world: World, random: Random, project: string, at: number): ReturnType<World['drawClient']> {
  let client = world.drawClient(random, project, at);
  if (world.options.broken !== 'uneven-networks') return client;
  for (let tries = 0; tries < MOST_TRIES && random() > world.proneness(client.network); tries++) {
    client = world.drawClient(random, project, at);
  }
  return client;
}

const samplingOf = (active: readonly Truth[], at: number): number =>
  active.reduce((share, { incident }) => share * (incident.sampling?.(at) ?? 1), 1);

function* placesHeard(world: World, at: number, clients: number): Generator<Extract<HistoryRow, { row: 'place' }>> {
  for (const project of new Set(world.hosts.map((h) => h.project))) {
    const random = stream(world.options.seed, `places ${project} ${String(at)}`);
    const heard = new Map<string, { network: string; country: string; release: string; clients: number }>();
    for (let i = 0; i < clients; i++) {
      const place = world.drawClient(random, project, at);
      const key = Object.values(place).join();
      heard.set(key, { ...place, clients: (heard.get(key)?.clients ?? 0) + 1 });
    }
    for (const place of heard.values()) yield { row: 'place', arrived: at, project, ...place };
  }
}
