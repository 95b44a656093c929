/** What truly happened in an incident, and what one who knows the true background could have said, and when. */
import { upperTail, type IncidentRow } from '@outcry/analyzer';
import type { Incident } from './incident.js';

/** Improbability at which one who knows would speak: about one false word a year over a thousand cells. */
const ORACLE_P = 1e-9;

interface Seen {
  injected: number;
  observed: number;
  background: number;
  found: number | null;
}

export class Truth {
  readonly incident: Incident;
  readonly #byHost = new Map<string, Seen>();
  #first: number | null = null;

  constructor(incident: Incident) {
    this.incident = incident;
  }

  /** Failures of one host in the place: how many were added, how many there were by themselves, and their true mean. */
  count(host: string, at: number, injected: number, usual: number, mean: number): void {
    const seen = this.#byHost.get(host) ?? { injected: 0, observed: 0, background: 0, found: null };
    this.#byHost.set(host, seen);
    seen.injected += injected;
    seen.observed += injected + usual;
    seen.background += mean;
    if (seen.found === null && injected > 0 && upperTail(seen.observed, seen.background, seen.background) < ORACLE_P) seen.found = at;
  }

  /** A failure that was added. @param at - When, s. */
  added(at: number): void {
    if (this.#first === null || at < this.#first) this.#first = at;
  }

  /** Whether a failure belongs to the incident's place and kinds. */
  holds(kind: string, client: Readonly<Record<string, string>>): boolean {
    const { failures, places } = this.incident;
    return (
      failures.some((f) => f.kind === kind) &&
      (places.length === 0 || places.some((place) => Object.entries(place).every(([dimension, value]) => client[dimension] === value)))
    );
  }

  row(): IncidentRow {
    const { id, script, project, hosts, failures, places, start, end, harmless, fake, verdict } = this.incident;
    const all = [...this.#byHost.values()];
    const most = all.reduce<Seen | undefined>((best, s) => (best === undefined || s.injected > best.injected ? s : best), undefined);
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
      injected: all.reduce((sum, s) => sum + s.injected, 0),
      first_failure: this.#first,
      observed: most?.observed ?? 0,
      background: most?.background ?? 0,
      oracle_log10_p: Math.max(-300, Math.log10(Math.max(p, 1e-300))),
      oracle_found: found.length === 0 ? null : Math.min(...found),
    };
  }
}
