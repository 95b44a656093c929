/** What truly happened in an incident, and what one who knows the true background and the true incident could have said, and when. */
import type { IncidentRow } from '@outcry/analyzer';
import type { Incident } from './incident.js';
import { Oracle } from './oracle.js';
import { isPlaceable } from './placeable.js';
import { USUAL_FAILURES } from './world.js';
import type { World } from './world.js';

/** Clients without a connection of their own are evidence, and never an outage of the service: nobody is to tell of them. */
const NEVER_TOLD = 'offline';

/** What is counted apart: one kind in one place of the incident. */
interface Cell {
  readonly place: number;
  readonly kind: string;
  /** Share of the requests that fails so without the incident, and of the failing clients of the incident. */
  readonly usual: number;
  readonly share: number;
}

/** Failing clients of one cell at one host in 10 s, and the true means that they were drawn by. */
export interface Tally {
  failures: number;
  usual: number;
  background: number;
  added: number;
}

const nothing = (): Tally => ({ failures: 0, usual: 0, background: 0, added: 0 });

export class Truth {
  readonly incident: Incident;
  readonly #cells: readonly Cell[];
  /** By host, of each place of the incident. */
  readonly #byHost = new Map<string, readonly Tally[]>();
  readonly #oracle = new Oracle();
  #first: number | null = null;

  constructor(incident: Incident) {
    this.incident = incident;
    const kinds = [...new Set(incident.failures.map((f) => f.kind))].filter((kind) => kind !== NEVER_TOLD);
    const sharesOf = (all: readonly { readonly kind: string; readonly share: number }[], kind?: string): number =>
      all.reduce((sum, f) => sum + (kind === undefined || f.kind === kind ? f.share : 0), 0);
    this.#cells = placesOf(incident).flatMap((_, place) =>
      kinds.map((kind) => ({
        place,
        kind,
        usual: sharesOf(USUAL_FAILURES, kind),
        share: sharesOf(incident.failures, kind) / sharesOf(incident.failures),
      })),
    );
  }

  /** What is counted of one host in 10 s, to be filled and handed to `count`. */
  tallies(): Tally[] {
    return this.#cells.map(nothing);
  }

  /** Notes the true means of a place. @param requests - By usual failures there, of the host. @param added - Clients that the incident lets fail. */
  expect(tallies: readonly Tally[], place: number, requests: number, added: number): void {
    for (const [i, cell] of this.#cells.entries()) {
      const tally = tallies[i];
      if (cell.place !== place || tally === undefined) continue;
      tally.background += requests * cell.usual;
      tally.added += added * cell.share;
    }
  }

  /** Counts a usual failure, where it lies in the incident. */
  usual(tallies: readonly Tally[], kind: string, client: Readonly<Record<string, string>>): void {
    if (!this.#cells.some((cell) => cell.kind === kind)) return;
    const place = placesOf(this.incident).findIndex((where) => Object.entries(where).every(([d, value]) => client[d] === value));
    const tally = tallies[this.#indexOf(place, kind)];
    if (tally !== undefined) tally.usual++;
  }

  /** Counts a failure that was added. @param at - When, s. */
  added(tallies: readonly Tally[], place: number, kind: string, at: number): void {
    if (this.#first === null || at < this.#first) this.#first = at;
    const tally = tallies[this.#indexOf(place, kind)];
    if (tally !== undefined) tally.failures++;
  }

  /** Takes what was counted of one host in the 10 s until `at`; to be called in order of time. */
  count(host: string, at: number, tallies: readonly Tally[]): void {
    const sums = this.#byHost.get(host) ?? placesOf(this.incident).map(nothing);
    this.#byHost.set(host, sums);
    for (const [i, tally] of tallies.entries()) {
      this.#oracle.see(at, tally.failures + tally.usual, tally.background, tally.added);
      const sum = sums[this.#cells[i]?.place ?? -1];
      if (sum === undefined) continue;
      sum.failures += tally.failures;
      sum.usual += tally.usual;
      sum.background += tally.background;
    }
  }

  row(world: World): IncidentRow {
    const { id, script, project, hosts, failures, places, start, end, harmless, fake, verdict } = this.incident;
    const whole = (host: string, of: 'failures' | 'usual' | 'background'): number =>
      (this.#byHost.get(host) ?? []).reduce((sum, tally) => sum + tally[of], 0);
    const all = [...this.#byHost.keys()];
    const hit = all.filter((host) => whole(host, 'failures') > 0);
    const most = all.reduce<string | undefined>(
      (best, host) => (best === undefined || whole(host, 'failures') > whole(best, 'failures') ? host : best),
      undefined,
    );
    const middle = (start + end) / 2;
    const placeableAt = (host: string | undefined): boolean[] =>
      places.map((place, i) => isPlaceable(world, project, place, middle, this.#byHost.get(host ?? '')?.[i] ?? nothing()));
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
      placeable: placeableAt(most),
      placeable_at: Object.fromEntries(hit.map((host) => [host, placeableAt(host)])),
      affected: Object.fromEntries(hit.map((host) => [host, whole(host, 'failures')])),
      injected: hit.reduce((sum, host) => sum + whole(host, 'failures'), 0),
      first_failure: this.#first,
      observed: most === undefined ? 0 : whole(most, 'failures') + whole(most, 'usual'),
      background: most === undefined ? 0 : whole(most, 'background'),
      oracle_log10_p: this.#oracle.log10P,
      oracle_found: this.#oracle.foundAt,
    };
  }

  #indexOf(place: number, kind: string): number {
    return this.#cells.findIndex((cell) => cell.place === place && cell.kind === kind);
  }
}

/** The places of an incident; everywhere is one. */
export const placesOf = ({ places }: Incident): Incident['places'] => (places.length === 0 ? [{}] : places);
