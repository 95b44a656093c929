/**
 * The quiet world: who is online when, on which network and release, and how often their requests fail without any incident.
 * Load follows the local hour of each country and the day of the week; the level of each host wanders (log-normal, 6 % per 10 min,
 * drawn back to 1), so that counts are over-dispersed. Only clients that opted in and were sampled are counted anywhere.
 */
import type { WorldNetwork } from './networks.js';
import { cumulate, drawIndex, logUniform, normal, stream } from './random.js';
import type { Random } from './random.js';

/** Assumptions of the quiet world that can be broken, one at a time, to see what a detector owes to them. */
export const BREAKABLE = {
  bursty: 'usual failures come in bursts of one network',
  'uneven-networks': 'some networks usually fail ten times as often as others',
  wandering: 'levels wander three times as much',
  late: 'a fifth of the reports waits in a queue',
  skewed: 'a tenth of the devices has a wrong clock',
  'few-prefixes': 'all users of a network come from eight shared addresses',
  'no-attempts': 'no attempts are heard',
  'no-server-metrics': 'the servers tell nothing',
} as const;
export type Broken = keyof typeof BREAKABLE;

export interface WorldOptions {
  readonly broken?: Broken;
  readonly seed: number;
  /** Seconds since the epoch; whole hours are best. */
  readonly from: number;
  readonly to: number;
  /** Default 5. */
  readonly projects: number;
  /** Hosts per project, default 10. */
  readonly hosts: number;
  /** Releases live at once, default 20. */
  readonly releases: number;
  readonly networks: readonly WorldNetwork[];
}

export interface WorldHost {
  readonly project: string;
  readonly host: string;
  /** Requests a minute on average. */
  readonly perMinute: number;
}

/** What usually fails, as a share of the requests; `offline` is the clients' own. */
export const USUAL_FAILURES = [
  { kind: 'dns', type: 'dns.name_not_resolved', share: 2e-5 },
  { kind: 'routing', type: 'tcp.timed_out', share: 4e-5 },
  { kind: 'tls', type: 'tls.failed', share: 1e-5 },
  { kind: 'timeout', type: 'abandoned', share: 6e-5 },
  { kind: 'http', type: 'http.error', share: 5e-5 },
  { kind: 'unknown', type: 'unknown', share: 1e-5 },
  { kind: 'offline', type: 'client.uplink_dead', share: 8e-5 },
] as const;

/** Prefixes where users share addresses, and how unevenly clients are spread over those of a network: a quarter of them is in the first 2 %. */
const SHARED_PREFIXES = 8;
const CROWDED = 3;

/** Log of ten times: between the networks that fail least and most often, where they are uneven. */
const UNEVEN = Math.LN10;

const NAMES = ['shop', 'bank', 'news', 'game', 'mail', 'maps', 'chat', 'film'] as const;
const SLOT_S = 600;
const DAY_S = 86_400;
const WANDER = 0.06;
/** Days between releases, from the launch on: how fast one is taken up, and given up for the next. */
const TAKE_UP_DAYS = 1;
const GIVE_UP_DAYS = 6;
const RELEASE_EVERY_DAYS = 1.4;
/** Hours from UTC of the middle of some countries; others are drawn by name. */
const UTC_HOURS: Readonly<Record<string, number>> = {
  US: -6, CA: -5, MX: -6, BR: -3, AR: -3, CL: -4, CO: -5, GB: 0, IE: 0, PT: 0, DE: 1, FR: 1, ES: 1, IT: 1, NL: 1, PL: 1, SE: 1, CH: 1,
  AT: 1, BE: 1, UA: 2, TR: 3, RU: 3, ZA: 2, EG: 2, IN: 5.5, ID: 7, VN: 7, TH: 7, CN: 8, TW: 8, HK: 8, SG: 8, JP: 9, KR: 9, AU: 10, NZ: 12,
}; // prettier-ignore

interface Slot {
  /** Load of each country, summed up. */
  readonly countries: readonly number[];
  readonly total: number;
}

export class World {
  readonly options: WorldOptions;
  readonly hosts: readonly WorldHost[];
  readonly countries: readonly string[];
  readonly #networksOf: readonly { readonly networks: readonly WorldNetwork[]; readonly cumulative: readonly number[] }[];
  readonly #networks: ReadonlyMap<string, WorldNetwork>;
  readonly #utc: readonly number[];
  readonly #mean: number;
  readonly #wanderSd: number;
  readonly #weekend: ReadonlyMap<string, number>;
  readonly #wander = new Map<string, { readonly random: Random; slot: number; log: number }>();
  readonly #releases = new Map<string, { readonly names: readonly string[]; readonly cumulative: readonly number[] }>();
  readonly #prone = new Map<number, number>();
  #slot: { readonly index: number; readonly shift: string; readonly value: Slot } | undefined;
  /** Hours by which the clocks of a country were moved; set by incidents. */
  readonly clockShift = new Map<string, number>();

  constructor(options: WorldOptions) {
    this.options = options;
    this.#wanderSd = options.broken === 'wandering' ? 3 * WANDER : WANDER;
    const random = stream(options.seed, 'hosts');
    const project = (p: number): string => `${NAMES[p % NAMES.length] ?? 'app'}${p < NAMES.length ? '' : String(p)}`;
    this.hosts = Array.from({ length: options.projects }, (_, p) =>
      Array.from({ length: options.hosts }, (__, h) => ({
        project: project(p),
        host: `api${String(h + 1)}.${project(p)}.example`,
        perMinute: logUniform(random, 300, 30_000),
      })),
    ).flat();
    this.countries = [...new Set(options.networks.map((n) => n.country))];
    this.#networks = new Map(options.networks.map((n) => [n.label, n]));
    this.#networksOf = this.countries.map((country) => {
      const networks = options.networks.filter((n) => n.country === country);
      return { networks, cumulative: cumulate(networks.map((n) => n.weight)) };
    });
    this.#utc = this.countries.map((c) => UTC_HOURS[c] ?? Math.floor(stream(options.seed, `utc ${c}`)() * 20) - 8);
    this.#weekend = new Map(this.hosts.map(({ project: p }) => [p, 0.7 + 0.6 * stream(options.seed, `weekend ${p}`)()]));
    this.#mean = this.#networksOf.reduce((sum, c) => sum + (c.cumulative.at(-1) ?? 0), 0);
  }

  /** Requests a minute of a host at a time, s. */
  loadOf(host: WorldHost, at: number): number {
    const day = new Date(at * 1000).getUTCDay();
    const weekend = day === 0 || day === 6 ? (this.#weekend.get(host.project) ?? 1) : 1;
    return ((host.perMinute * this.#at(at).total) / this.#mean) * weekend * this.#wanderOf(host, at);
  }

  /** Share of the clients of a project that is in a place (`network`, `country`, `release`, or several of them). */
  shareOf(project: string, where: Readonly<Record<string, string>>, at: number): number {
    let share = 1;
    const { network, country, release } = where;
    if (network !== undefined || country !== undefined) {
      const known = network === undefined ? undefined : this.#networks.get(network);
      const index = this.countries.indexOf(country ?? known?.country ?? '');
      const slot = this.#at(at);
      share *= index < 0 ? 0 : ((slot.countries[index] ?? 0) - (slot.countries[index - 1] ?? 0)) / slot.total;
      if (network !== undefined) share *= (known?.weight ?? 0) / (this.#networksOf[index]?.cumulative.at(-1) ?? 1);
    }
    if (release !== undefined) {
      const { names, cumulative } = this.releasesAt(project, at);
      const index = names.indexOf(release);
      share *= index < 0 ? 0 : ((cumulative[index] ?? 0) - (cumulative[index - 1] ?? 0)) / (cumulative.at(-1) ?? 1);
    }
    return share;
  }

  /** Share of the usual failures of a project that is in a place: that of its clients, but where networks are uneven. */
  usualShareOf(project: string, where: Readonly<Record<string, string>>, at: number): number {
    const share = this.shareOf(project, where, at);
    if (this.options.broken !== 'uneven-networks') return share;
    const { network, country } = where;
    const all = this.#at(at);
    const everywhere = this.countries.reduce(
      (sum, _, i) => sum + this.#pronenessOf(i) * ((all.countries[i] ?? 0) - (all.countries[i - 1] ?? 0)),
      0,
    );
    const there =
      network !== undefined
        ? this.proneness(network)
        : country !== undefined
          ? this.#pronenessOf(this.countries.indexOf(country))
          : everywhere / all.total;
    return (share * there * all.total) / everywhere;
  }

  /** How often a client of a network usually fails where networks are uneven, relative to the one that fails most often: 0.1..1. */
  proneness(network: string): number {
    return Math.exp(UNEVEN * (stream(this.options.seed, network)() - 1));
  }

  countryOf(network: string): string {
    return this.#networks.get(network)?.country ?? 'ZZ';
  }

  /** Of each dimension that a place leaves open below it, the value that holds most of the place: what could be mistaken for the whole of it. */
  largestParts(project: string, where: Readonly<Record<string, string>>, at: number): Readonly<Record<string, string>>[] {
    const parts: Record<string, string>[] = [];
    if (where['network'] === undefined) {
      const country = where['country'] ?? largest(this.countries, this.#at(at).countries);
      const own = this.#networksOf[this.countries.indexOf(country)];
      if (where['country'] === undefined) parts.push({ country });
      else if (own !== undefined) parts.push({ network: largest(own.networks, own.cumulative).label });
    }
    if (where['release'] === undefined) {
      const { names, cumulative } = this.releasesAt(project, at);
      parts.push({ release: largest(names, cumulative) });
    }
    return parts;
  }

  /** A client of a project, drawn by load, within `where` if given. */
  drawClient(
    random: Random,
    project: string,
    at: number,
    where: Readonly<Record<string, string>> = {},
  ): { network: string; country: string; release: string } {
    const { names, cumulative } = this.releasesAt(project, at);
    const release = where['release'] ?? names[drawIndex(random, cumulative)] ?? '';
    if (where['network'] !== undefined) return { network: where['network'], country: this.countryOf(where['network']), release };
    const index = where['country'] === undefined ? drawIndex(random, this.#at(at).countries) : this.countries.indexOf(where['country']);
    const own = this.#networksOf[index];
    return {
      network: own?.networks[drawIndex(random, own.cumulative)]?.label ?? 'unknown/ZZ',
      country: this.countries[index] ?? 'ZZ',
      release,
    };
  }

  /** The address prefix of a client of a network, by number; a few of them have many clients. */
  prefixOf(random: Random, network: string): number {
    const prefixes = this.options.broken === 'few-prefixes' ? SHARED_PREFIXES : (this.#networks.get(network)?.prefixes ?? 1);
    return Math.floor(prefixes * random() ** CROWDED);
  }

  /** The releases in use at a time, with their shares summed up. */
  releasesAt(project: string, at: number): { readonly names: readonly string[]; readonly cumulative: readonly number[] } {
    const hour = Math.floor(at / 3600);
    const key = `${project} ${String(hour)}`;
    const known = this.#releases.get(key);
    if (known !== undefined) return known;
    const phase = stream(this.options.seed, `releases ${project}`)();
    const newest = Math.floor((hour * 3600) / DAY_S / RELEASE_EVERY_DAYS - phase);
    const numbers = Array.from({ length: this.options.releases }, (_, i) => newest - i);
    const shares = numbers.map((n) => {
      const age = (hour * 3600) / DAY_S - (n + phase) * RELEASE_EVERY_DAYS;
      return (1 - Math.exp(-age / TAKE_UP_DAYS)) * Math.exp(-age / GIVE_UP_DAYS);
    });
    const found = { names: numbers.map((n) => `${String(Math.floor(n / 100))}.${String(n % 100)}.0`), cumulative: cumulate(shares) };
    if (this.#releases.size > 64) this.#releases.clear();
    this.#releases.set(key, found);
    return found;
  }

  /** The same of the clients of a country, by its index. */
  #pronenessOf(index: number): number {
    let mean = this.#prone.get(index);
    if (mean === undefined) {
      const { networks = [] } = this.#networksOf[index] ?? {};
      const weight = networks.reduce((sum, n) => sum + n.weight, 0);
      mean = networks.reduce((sum, n) => sum + (n.weight * this.proneness(n.label)) / weight, 0);
      this.#prone.set(index, mean);
    }
    return mean;
  }

  #at(at: number): Slot {
    const index = Math.floor(at / SLOT_S);
    const shift = [...this.clockShift].join();
    if (this.#slot?.index === index && this.#slot.shift === shift) return this.#slot.value;
    const loads = this.countries.map((country, i) => {
      const hour = (index * SLOT_S) / 3600 + (this.#utc[i] ?? 0) + (this.clockShift.get(country) ?? 0);
      return (this.#networksOf[i]?.cumulative.at(-1) ?? 0) * (1 + 0.6 * Math.cos((2 * Math.PI * (hour - 20)) / 24));
    });
    const countries = cumulate(loads);
    this.#slot = { index, shift, value: { countries, total: countries.at(-1) ?? 1 } };
    return this.#slot.value;
  }

  #wanderOf(host: WorldHost, at: number): number {
    const slot = Math.floor(at / SLOT_S);
    const known = this.#wander.get(host.host) ?? { random: stream(this.options.seed, `wander ${host.host}`), slot, log: 0 };
    this.#wander.set(host.host, known);
    for (; known.slot < slot; known.slot++) known.log = 0.9 * known.log + this.#wanderSd * normal(known.random);
    return Math.exp(known.log);
  }
}

/** Of values with their shares summed up, the one with the largest share. */
function largest<T>(values: readonly T[], cumulative: readonly number[]): T {
  let best = 0;
  for (const [i, sum] of cumulative.entries())
    if (sum - (cumulative[i - 1] ?? 0) > (cumulative[best] ?? 0) - (cumulative[best - 1] ?? 0)) best = i;
  return values[best] as T;
}
