/** What truly happened in an incident, and what one who knows the true background could have said, and when. */
import { upperTail, type IncidentRow } from '@outcry/analyzer';
import type { Incident } from './incident.js';
import { isPlaceable } from './placeable.js';
import type { World } from './world.js';

/** Improbability at which one who knows would speak: about one false word a year over a thousand cells. */
const ORACLE_P = 1e-9;

const NOTHING: Tally = { failures: 0, usual: 0, background: 0 };

interface Seen {
  injected: number;
  observed: number;
  background: number;
  found: number | null;
  /** The same of each place of the incident. */
  readonly places: Tally[];
}

interface Tally {
  failures: number;
  usual: number;
  background: number;
}

export class Truth {
  readonly incident: Incident;
  readonly #byHost = new Map<string, Seen>();
  #first: number | null = null;

  constructor(incident: Incident) {
    this.incident = incident;
  }

  /** Failures of one host in 10 s, by place of the incident: how many were added, how many there were by themselves, and their true mean. */
  count(host: string, at: number, places: readonly Tally[]): void {
    const seen = this.#byHost.get(host) ?? {
      injected: 0,
      observed: 0,
      background: 0,
      found: null,
      places: places.map(() => ({ ...NOTHING })),
    };
    this.#byHost.set(host, seen);
    for (const [i, { failures, usual, background }] of places.entries()) {
      const sum = seen.places[i] as Tally;
      sum.failures += failures;
      sum.usual += usual;
      sum.background += background;
      seen.injected += failures;
      seen.observed += failures + usual;
      seen.background += background;
    }
    const added = places.some(({ failures }) => failures > 0);
    if (seen.found === null && added && upperTail(seen.observed, seen.background, seen.background) < ORACLE_P) seen.found = at;
  }

  /** A failure that was added. @param at - When, s. */
  added(at: number): void {
    if (this.#first === null || at < this.#first) this.#first = at;
  }

  /** Index of the place of the incident that a failure belongs to, 0 where it is everywhere; -1 for none. */
  placeOf(kind: string, client: Readonly<Record<string, string>>): number {
    const { failures, places } = this.incident;
    if (!failures.some((f) => f.kind === kind)) return -1;
    if (places.length === 0) return 0;
    return places.findIndex((place) => Object.entries(place).every(([dimension, value]) => client[dimension] === value));
  }

  row(world: World): IncidentRow {
    const { id, script, project, hosts, failures, places, start, end, harmless, fake, verdict } = this.incident;
    const all = [...this.#byHost.values()];
    const most = all.reduce<Seen | undefined>((best, s) => (best === undefined || s.injected > best.injected ? s : best), undefined);
    const middle = (start + end) / 2;
    const found = all.flatMap((s) => (s.found === null ? [] : [s.found]));
    const p = most === undefined || most.injected === 0 ? 1 : upperTail(most.observed, most.background, most.background);
    return {
      row: 'incident',
      id,
      script,
      project,
      hosts,
      kinds: failures.map((f) => f.kind),
      places,
      start,
      end,
      harmless,
      fake,
      verdict,
      placeable: places.map((place, i) => isPlaceable(world, project, place, middle, most?.places[i] ?? NOTHING)),
      affected: Object.fromEntries(
        [...this.#byHost].filter(([, { injected }]) => injected > 0).map(([host, { injected }]) => [host, injected]),
      ),
      injected: all.reduce((sum, s) => sum + s.injected, 0),
      first_failure: this.#first,
      observed: most?.observed ?? 0,
      background: most?.background ?? 0,
      oracle_log10_p: Math.max(-300, Math.log10(Math.max(p, 1e-300))),
      oracle_found: found.length === 0 ? null : Math.min(...found),
    };
  }
}
