/**
 * How many requests a host gets, as far as is known at a moment: what its failures are expected in proportion to, so that a crowd is no outage.
 *
 * The panel's attempts are the true denominator, but a bin of five minutes is whole only ten minutes after its start. From the last whole one
 * on, the load is carried forward, and raised where the server's own request rate has risen since: it is never lowered by the server's
 * rate, which falls in an outage. Without attempts the server's rate alone is taken, without both nothing is known. Half of the
 * recent load is the least that is believed: an outage keeps attempts from arriving.
 *
 * Agents sample: the share of failures that is reported at all is learnt from the weights of the reports around.
 */
import { KEPT_S, REQUESTS_S, ServerRate } from './server-rate.js';

const ATTEMPTS_S = 300;
/** Agents seal their attempts at a random moment of the next five minutes. */
const WHOLE_AFTER_S = ATTEMPTS_S + 30;
/** How long before the first bin attempts are looked for. */
const CARRIED_BINS = 12;
const WEIGHTS_S = 60;
/** How long an answer is good. */
const CACHED_MS = 30_000;
const LEAST_SHARE = 0.5;
/** How fast the recent load follows, per 5 min. */
const RECENT = 0.2;

interface Tally {
  count: number;
  total: number;
}

interface Carried {
  readonly rate: number;
  /** The bin from which it is carried forward; undefined where it is that bin's own. */
  readonly from: number | undefined;
}

interface Cached {
  readonly slot: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly values: number[] | undefined;
}

interface OfHost {
  readonly attempts: Map<number, number>;
  readonly requests: ServerRate;
}

export class Loads {
  readonly #hosts = new Map<string, OfHost>();
  readonly #cache = new Map<string, Cached>();
  readonly #weights = new Map<string, Map<number, Tally>>();

  /** Sets the weighted attempts of the five minutes from `atS`; the latest word counts. */
  setAttempts(project: string, host: string, atS: number, made: number): void {
    this.#of(project, host).attempts.set(Math.floor(atS / ATTEMPTS_S), made);
  }

  /** Adds requests that one series of the server counted in the `seconds` before `atS`. Each step of each series is to be added once, in any order. */
  addRequests(project: string, host: string, atS: number, seconds: number, requests: number, series = ''): void {
    this.#of(project, host).requests.add(series, atS, seconds, requests);
  }

  /** Adds reports and the sum of their weights. */
  addReports(project: string, atS: number, reports: number, weight: number): void {
    const known = this.#weights.get(project) ?? new Map<number, Tally>();
    this.#weights.set(project, known);
    add(known, Math.floor(atS / WEIGHTS_S), reports, weight);
  }

  /**
   * Requests a second times the share that is reported, for each bin.
   *
   * @returns One number > 0 a bin; undefined where neither attempts nor requests nor sampling are known.
   */
  exposure(project: string, host: string, startMs: number, binMs: number, count: number, nowMs: number): number[] | undefined {
    const load = this.#load(this.#hosts.get(key(project, host)), startMs, binMs, count, nowMs);
    const sampling = this.#sampling(this.#weights.get(project), startMs, binMs, count);
    if (load === undefined || sampling === undefined) return load ?? sampling;
    return load.map((x, i) => x * (sampling[i] ?? 1));
  }

  /**
   * The same for the loop, which asks up to now for every series of a host, round after round: worked out once in half a minute, and bins that have
   * come about since are as the last one. Only the loop may ask here: what somebody else looks at must not become what the detector judges by.
   */
  exposureUntilNow(project: string, host: string, startMs: number, binMs: number, count: number, nowMs: number): number[] | undefined {
    const cacheKey = `${key(project, host)}\u0000${String(binMs)}`;
    const slot = Math.floor(nowMs / CACHED_MS);
    const endMs = startMs + count * binMs;
    let cached = this.#cache.get(cacheKey);
    if (cached?.slot !== slot || !covers(cached, startMs, endMs, binMs)) {
      cached = { slot, startMs, endMs, values: this.exposure(project, host, startMs, binMs, count, nowMs) };
      this.#cache.set(cacheKey, cached);
    }
    const { values } = cached;
    if (values === undefined) return undefined;
    const skip = Math.round((startMs - cached.startMs) / binMs);
    const part = values.slice(skip, skip + count);
    while (part.length < count) part.push(values.at(-1) ?? 1);
    return part;
  }

  /** Load in a stretch that is over, in the unit of `exposure`; undefined where too little of it is known. */
  perSecond(project: string, host: string, fromMs: number, toMs: number): number | undefined {
    const of = this.#hosts.get(key(project, host));
    const bins = Math.round((toMs - fromMs) / 1000 / ATTEMPTS_S);
    const first = Math.round(fromMs / 1000 / ATTEMPTS_S);
    const made = Array.from({ length: bins }, (_, i) => of?.attempts.get(first + i)).filter((n) => n !== undefined);
    const sampling = this.#sampling(this.#weights.get(project), fromMs, WEIGHTS_S * 1000, Math.round((toMs - fromMs) / 1000 / WEIGHTS_S));
    const share = sampling === undefined ? 1 : sampling.reduce((sum, x) => sum + x, 0) / Math.max(1, sampling.length);
    if (made.length >= bins / 2) return (made.reduce((sum, n) => sum + n, 0) / made.length / ATTEMPTS_S) * share;
    if (of !== undefined && of.attempts.size > 0) return undefined;
    const server =
      of === undefined
        ? undefined
        : of.requests.perSecond(Math.floor(fromMs / 1000 / REQUESTS_S), Math.round((toMs - fromMs) / 1000 / REQUESTS_S));
    if (server !== undefined) return server * share;
    return sampling === undefined || (of !== undefined && !of.requests.isEmpty) ? undefined : share;
  }

  /** Drops what is older than any look-back. */
  forget(nowMs: number): void {
    const oldestS = nowMs / 1000 - KEPT_S;
    for (const { attempts, requests } of this.#hosts.values()) {
      for (const bin of attempts.keys()) if (bin * ATTEMPTS_S < oldestS) attempts.delete(bin);
      requests.forget(oldestS);
    }
    for (const bins of this.#weights.values()) for (const bin of bins.keys()) if (bin * WEIGHTS_S < oldestS) bins.delete(bin);
  }

  #of(project: string, host: string): OfHost {
    const known = this.#hosts.get(key(project, host)) ?? { attempts: new Map(), requests: new ServerRate() };
    this.#hosts.set(key(project, host), known);
    return known;
  }

  #load(of: OfHost | undefined, startMs: number, binMs: number, count: number, nowMs: number): number[] | undefined {
    if (of === undefined) return undefined;
    const startS = startMs / 1000;
    const first = Math.floor(startS / ATTEMPTS_S) - CARRIED_BINS;
    const last = Math.floor((startS + (count * binMs) / 1000) / ATTEMPTS_S);
    const whole = Math.floor((nowMs / 1000 - WHOLE_AFTER_S) / ATTEMPTS_S) - 1;
    /** By bin of five minutes. */
    const panel = new Map<number, Carried>();
    let recent: number | undefined;
    let carried: Carried | undefined;
    for (let bin = first; bin <= last; bin++) {
      const made = bin <= whole ? of.attempts.get(bin) : undefined;
      if (made !== undefined) {
        const rate = Math.max(made / ATTEMPTS_S, LEAST_SHARE * (recent ?? 0), 1e-9);
        recent = recent === undefined ? rate : recent + RECENT * (rate - recent);
        carried = { rate, from: bin };
      }
      if (carried !== undefined) panel.set(bin, made === undefined ? carried : { rate: carried.rate, from: undefined });
    }
    if (carried === undefined && of.requests.isEmpty) return undefined;
    const earliest = panel.values().next().value?.rate;
    const result: number[] = [];
    let server: number | undefined;
    /** The server's rate when the attempts were last whole, of the bin from which they are carried forward. */
    let then: number | undefined;
    let thenOf: number | undefined;
    let usual: number | undefined;
    let gridded = -1;
    let value = 0;
    const width = Math.max(2, Math.ceil(binMs / 1000 / REQUESTS_S) + 1);
    for (let i = 0; i < count; i++) {
      const atS = startS + (i * binMs) / 1000;
      const grid = Math.floor(atS / REQUESTS_S);
      if (grid !== gridded) {
        gridded = grid;
        const known = panel.get(Math.floor(atS / ATTEMPTS_S));
        if (known?.from !== thenOf) {
          thenOf = known?.from;
          then = thenOf === undefined ? undefined : of.requests.perSecond((thenOf * ATTEMPTS_S) / REQUESTS_S, ATTEMPTS_S / REQUESTS_S);
        }
        if (then !== undefined || (known === undefined && earliest === undefined)) {
          server = of.requests.perSecond(grid - 1, width) ?? server;
        }
        if (known !== undefined) {
          const risen = then !== undefined && then > 0 && server !== undefined ? Math.max(1, server / then) : 1;
          value = known.rate * risen;
        } else if (earliest !== undefined) value = earliest;
        else {
          value = Math.max(server ?? 0, LEAST_SHARE * (usual ?? 0));
          if (server !== undefined) usual = usual === undefined ? value : usual + (RECENT * REQUESTS_S * (value - usual)) / ATTEMPTS_S;
        }
      }
      result.push(value);
    }
    const least = result.find((x) => x > 0);
    return least === undefined ? undefined : result.map((x) => (x > 0 ? x : least));
  }

  #sampling(of: Map<number, Tally> | undefined, startMs: number, binMs: number, count: number): number[] | undefined {
    if (of === undefined) return undefined;
    let share = 1;
    let minute = -1;
    const result: number[] = [];
    for (let i = 0; i < count; i++) {
      const bin = Math.floor((startMs + (i + 0.5) * binMs) / 1000 / WEIGHTS_S);
      if (bin !== minute) {
        const { count: reports = 0, total: weight = 0 } = of.get(bin) ?? {};
        if (weight > 0) share = Math.min(1, reports / weight);
        minute = bin;
      }
      result.push(share);
    }
    return result;
  }
}

const key = (project: string, host: string): string => `${project}\u0000${host}`;

/** Whether a stretch lies on the cached bins, but for those that can have come about since. */
const covers = (cached: Cached, startMs: number, endMs: number, binMs: number): boolean =>
  startMs >= cached.startMs && (startMs - cached.startMs) % binMs === 0 && endMs - cached.endMs <= Math.max(CACHED_MS, binMs);

function add(bins: Map<number, Tally>, bin: number, count: number, total: number): void {
  const tally = bins.get(bin) ?? { count: 0, total: 0 };
  bins.set(bin, tally);
  tally.count += count;
  tally.total += total;
}
