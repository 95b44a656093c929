/** A simulated history as clients would tell it now: its times moved to the present, the requests of a host divided among places. */
import type { AttemptsRow, FailuresRow, HistoryRow, IncidentRow, PlaceRow, ServerRow } from '@outcry/analyzer';
import { tellingsOf, type Telling } from './envelopes.js';
import { cumulate, drawIndex, stream, type Random } from './random.js';

/** Clients that tell of the requests of a host and five minutes. */
const PANEL = 8;
const ATTEMPTS_S = 300;
/** Five minutes of a host that may still be told again: many hours of many hosts. */
const MOST_COUNTED = 10_000;

export interface Clock {
  /** From the history's time to the time that is told, s. */
  readonly toReal: (historyS: number) => number;
}

/** Without a speed: the whole history has just happened, its end is now. Bins of five minutes stay bins. */
export function endingNow(historyToS: number, nowMs: number): Clock {
  const shift = Math.floor((nowMs / 1000 - historyToS) / ATTEMPTS_S) * ATTEMPTS_S;
  return { toReal: (at) => at + shift };
}

/** The last `liveS` of the history happen from now on, what came before has just happened. Bins of five minutes stay bins. */
export function lastLive(historyToS: number, nowMs: number, liveS: number): Clock {
  return endingNow(historyToS - liveS, nowMs);
}

/** With a speed: the history begins now and takes its length ÷ speed. */
export function startingNow(historyFromS: number, nowMs: number, speed: number): Clock {
  return { toReal: (at) => nowMs / 1000 + (at - historyFromS) / speed };
}

export interface DueTelling {
  /** When it arrives by the history's time, s. */
  readonly arrivedS: number;
  readonly telling: Telling;
}

export interface LiveOptions {
  readonly clock: Clock;
  readonly seed: number;
  /** The name of the address prefix behind a row. */
  readonly sourceOf?: (row: FailuresRow) => string | undefined;
  /** Told of what servers counted: collectors do not take it. */
  readonly onServer?: (row: ServerRow) => void;
  /** Told of what truly happened. */
  readonly onIncident: (row: IncidentRow) => void;
}

/**
 * @param rows - Of `simulate`. @yields What has to be sent to collectors, by arrival.
 */
export function* liveTellings(
  rows: Iterable<HistoryRow>,
  { clock, seed, sourceOf, onServer, onIncident }: LiveOptions,
): Generator<DueTelling> {
  const panel = new Panel(stream(seed, 'panel'), clock);
  for (const row of rows) {
    // Rows of networks follow the one of their host.
    if (row.row !== 'attempts' || row.network === undefined) yield* panel.told();
    if (row.row === 'incident') onIncident(row);
    else if (row.row === 'server') onServer?.(row);
    else if (row.row === 'place') panel.hear(row);
    else if (row.row === 'failures') {
      for (const telling of tellingsOf(row, clock.toReal(row.at), sourceOf?.(row))) yield { arrivedS: row.arrived, telling };
    } else if (row.row === 'attempts') panel.count(row);
  }
  yield* panel.told();
}

/** Who tells of the requests of a host: those of the networks that the history tells apart, and clients of places drawn from what was heard. */
class Panel {
  readonly #places = new Map<string, { arrived: number; rows: PlaceRow[] }>();
  readonly #random: Random;
  readonly #clock: Clock;
  #whole: AttemptsRow | undefined;
  #networks: AttemptsRow[] = [];
  readonly #counted = new Map<string, AttemptsRow>();

  constructor(random: Random, clock: Clock) {
    this.#random = random;
    this.#clock = clock;
  }

  hear(row: PlaceRow): void {
    const known = this.#places.get(row.project);
    if (known?.arrived === row.arrived) known.rows.push(row);
    else this.#places.set(row.project, { arrived: row.arrived, rows: [row] });
  }

  /** A later row of the same five minutes holds the earlier one, so only what is new is told. */
  count(row: AttemptsRow): void {
    const key = `${row.host} ${row.network ?? ''} ${String(row.at)}`;
    const before = this.#counted.get(key);
    this.#counted.delete(key);
    this.#counted.set(key, row);
    for (const oldest of this.#counted.keys()) {
      if (this.#counted.size <= MOST_COUNTED) break;
      this.#counted.delete(oldest);
    }
    const more = before === undefined ? row : { ...row, made: row.made - before.made, failed: row.failed - before.failed };
    if (row.network === undefined) this.#whole = more;
    else this.#networks.push(more);
  }

  /** What was counted since the last call. */
  *told(): Generator<DueTelling> {
    const whole = this.#whole;
    if (whole === undefined) return;
    const networks = this.#networks;
    this.#whole = undefined;
    this.#networks = [];
    const heard = this.#places.get(whole.project)?.rows ?? [];
    const rest = { made: whole.made, failed: whole.failed };
    for (const { network, made, failed } of networks) {
      const { release } = heard.find((place) => place.network === network) ?? heard[0] ?? {};
      if (network === undefined || release === undefined) continue;
      rest.made -= made;
      rest.failed -= failed;
      yield this.#telling(whole, { network, release }, made, failed);
    }
    const cumulative = cumulate(heard.map((p) => p.clients ?? 1));
    for (let i = 0; i < PANEL; i++) {
      const place = heard[drawIndex(this.#random, cumulative)];
      if (place === undefined) return;
      const made = share(Math.max(0, rest.made), i);
      yield this.#telling(whole, place, made, share(Math.max(0, rest.failed), i));
    }
  }

  #telling(row: AttemptsRow, { network, release }: { network: string; release: string }, made: number, failed: number): DueTelling {
    const lost = Math.min(made, failed);
    const attempts = {
      host: row.host,
      bin_start: Math.floor(this.#clock.toReal(row.at) / ATTEMPTS_S) * ATTEMPTS_S,
      made,
      succeeded: made - lost,
      failed: lost,
      aborted: 0,
      panel_ppm: 1_000_000,
    };
    return { arrivedS: row.arrived, telling: { project: row.project, release, network, failures: [], attempts: [attempts] } };
  }
}

/** The part of a count that the i-th of the panel tells; together they tell all of it. */
const share = (count: number, i: number): number => Math.floor(((i + 1) * count) / PANEL) - Math.floor((i * count) / PANEL);

/** An incident in the time that was told. */
export function incidentNow(row: IncidentRow, { toReal }: Clock): IncidentRow {
  const time = (at: number | null): number | null => (at === null ? null : Math.round(toReal(at)));
  return {
    ...row,
    start: Math.round(toReal(row.start)),
    end: Math.round(toReal(row.end)),
    first_failure: time(row.first_failure),
    oracle_found: time(row.oracle_found),
  };
}
