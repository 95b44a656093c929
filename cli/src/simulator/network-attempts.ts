/** The requests of single networks, told beside those of the whole host where somebody makes some of them up. */
import type { HistoryRow } from '@outcry/analyzer';
import type { Incident } from './incident.js';
import { poisson, stream } from './random.js';
import type { Random } from './random.js';
import type { World, WorldHost } from './world.js';

type AttemptsRow = Extract<HistoryRow, { row: 'attempts' }>;

/** Requests that a made-up client tells of, all of them failed. */
const MADE_UP_EACH = 2;
/** So long before the incident the network's requests are told, s: what is made up has to be set beside something. */
const BEFORE_S = 3_600;

export class NetworkAttempts {
  readonly #world: World;
  readonly #incidents: readonly Incident[];
  readonly #random: Random;
  readonly #madeUp = new Map<string, number>();

  constructor(world: World, incidents: readonly Incident[]) {
    this.#world = world;
    this.#incidents = incidents.filter((i) => i.madeUpAttempts === true);
    this.#random = stream(world.options.seed, 'network attempts');
  }

  /** Made-up clients of a network. @returns The requests that they tell of. */
  add(incident: Incident, host: string, network: string, clients: number): number {
    if (incident.madeUpAttempts !== true) return 0;
    const key = `${host} ${network}`;
    this.#madeUp.set(key, (this.#madeUp.get(key) ?? 0) + clients * MADE_UP_EACH);
    return clients * MADE_UP_EACH;
  }

  /** @param made - Requests of the whole host in the stretch, made-up ones left out. @param usual - Share of them that fails. */
  *rows(
    { project, host }: WorldHost,
    made: number,
    usual: number,
    span: { readonly at: number; readonly end: number; readonly arrived: number },
  ): Generator<AttemptsRow> {
    for (const incident of this.#incidents) {
      if (!incident.hosts.includes(host) || span.end <= incident.start - BEFORE_S || span.at >= incident.end) continue;
      for (const { network } of incident.places) {
        if (network === undefined) continue;
        const honest = poisson(this.#random, made * this.#world.shareOf(project, { network }, span.at));
        const madeUp = this.#madeUp.get(`${host} ${network}`) ?? 0;
        this.#madeUp.delete(`${host} ${network}`);
        const failed = Math.min(honest, poisson(this.#random, honest * usual)) + madeUp;
        yield { row: 'attempts', at: span.at, arrived: span.arrived, project, host, network, made: honest + madeUp, failed };
      }
    }
  }
}
