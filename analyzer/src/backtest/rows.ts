/**
 * History as NDJSON: one JSON object a line, in the order in which it arrived, told apart by `row`. Times are seconds since the epoch.
 * A backtest reads nothing of a line before its `arrived`; `incident` lines are read by the scoring only.
 */

/** Clients that failed in one place within one 10 s bin. Clients of two lines count as two, so a line is one bin at most. */
export interface FailuresRow {
  readonly row: 'failures';
  /** When it happened, by the corrected clock of the device. */
  readonly at: number;
  /** When storage had it. */
  readonly arrived: number;
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly type: string;
  readonly network: string;
  readonly country: string;
  readonly release: string;
  readonly clients: number;
  /** Failed requests, repeats included. */
  readonly requests: number;
  /** Clients that these stand for, where agents sample: clients ÷ share that reports; default `clients`. */
  readonly weight?: number;
  /** The same text for the same client all UTC day: lines that name it count it once a bin. Only where `clients` is 1. */
  readonly client?: string;
  /** How the clients stand in their address prefix, where it is known (ADR 0009), and the collector that says so; default '' for both. */
  readonly crowd?: 'first' | 'few' | 'many';
  readonly collector?: string;
}

/** Clients that failed in one hour before the history begins: what level and shape of a day are learnt from. */
export interface HourRow {
  readonly row: 'hour';
  /** Start of the hour. */
  readonly at: number;
  readonly arrived: number;
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly clients: number;
}

/**
 * Requests that clients made to a host and that failed, in the five minutes from `at`: of the whole host, or of one network of it. A later row of the
 * same replaces the one before: it holds all that has arrived until then.
 */
export interface AttemptsRow {
  readonly row: 'attempts';
  readonly at: number;
  readonly arrived: number;
  readonly project: string;
  readonly host: string;
  readonly made: number;
  readonly failed: number;
  /** The network that these are of, told beside the whole host, which holds them too. */
  readonly network?: string;
}

/** What the server itself counted in the `seconds` before `at`. */
export interface ServerRow {
  readonly row: 'server';
  readonly at: number;
  readonly arrived: number;
  readonly project: string;
  readonly host: string;
  readonly requests: number;
  readonly errors: number;
  readonly seconds: number;
}

/** A place in which the project has clients, failing or not; known for a day. Their number makes the shares of the places. */
export interface PlaceRow {
  readonly row: 'place';
  readonly arrived: number;
  readonly project: string;
  readonly network: string;
  readonly country: string;
  readonly release: string;
  /** Default 1. */
  readonly clients?: number;
}

/** What is watched; the first line. */
export interface WorldRow {
  readonly row: 'world';
  readonly version: 1;
  readonly seed: number | null;
  readonly from: number;
  readonly to: number;
  readonly projects: Readonly<Record<string, readonly string[]>>;
}

/** What truly happened; at the end. */
export interface IncidentRow {
  readonly row: 'incident';
  readonly id: string;
  readonly script: string;
  readonly project: string;
  readonly hosts: readonly string[];
  readonly kinds: readonly string[];
  /** The places it lies in; empty when it is everywhere. */
  readonly places: readonly Readonly<Record<string, string>>[];
  readonly start: number;
  readonly end: number;
  /** Nothing that anyone should be told of. */
  readonly harmless: boolean;
  /** Made up by one network: a spike of it has to say that nothing supports it. */
  readonly fake: boolean;
  readonly verdict: string | null;
  /** Of each place, whether one who knows every share could name it from the failures of the host with the most. Missing: of all. */
  readonly placeable?: readonly boolean[];
  /** The same from the failures of each host that has any. Missing: as of the host with the most. */
  readonly placeable_at?: Readonly<Record<string, readonly boolean[]>>;
  /** Failing clients added, by host that has any. */
  readonly affected?: Readonly<Record<string, number>>;
  /** Failing clients added, and the first of them; null when none was drawn. */
  readonly injected: number;
  readonly first_failure: number | null;
  /** The host with the most added: clients that failed in the place in all, and the mean without the incident. */
  readonly observed: number;
  readonly background: number;
  /** log10 of how improbable all of it is without the incident, for one who knows both; and when that first was below 1e-9. */
  readonly oracle_log10_p: number;
  readonly oracle_found: number | null;
}

export type HistoryRow = FailuresRow | HourRow | AttemptsRow | ServerRow | PlaceRow | WorldRow | IncidentRow;

const TEXT = ['project', 'host', 'kind', 'network', 'country', 'release'] as const;
const NEEDED: Readonly<Record<HistoryRow['row'], { text: readonly string[]; numbers: readonly string[]; lists: readonly string[] }>> = {
  failures: { text: [...TEXT, 'type'], numbers: ['at', 'arrived', 'clients', 'requests'], lists: [] },
  hour: { text: ['project', 'host', 'kind'], numbers: ['at', 'arrived', 'clients'], lists: [] },
  attempts: { text: ['project', 'host'], numbers: ['at', 'arrived', 'made', 'failed'], lists: [] },
  server: { text: ['project', 'host'], numbers: ['at', 'arrived', 'requests', 'errors', 'seconds'], lists: [] },
  place: { text: ['project', 'network', 'country', 'release'], numbers: ['arrived'], lists: [] },
  world: { text: [], numbers: ['from', 'to'], lists: [] },
  incident: {
    text: ['id', 'script', 'project'],
    numbers: ['start', 'end', 'injected', 'observed', 'background', 'oracle_log10_p'],
    lists: ['hosts', 'kinds', 'places'],
  },
};

const CROWDS: readonly unknown[] = [undefined, 'first', 'few', 'many'];
/** Numbers that may be missing. */
const OPTIONAL = ['weight', 'clients'] as const;

/**
 * Reads one line.
 *
 * @returns The row; undefined when it is no object of this form or a number in it is not finite or negative where it counts something.
 */
export function parseRow(line: string): HistoryRow | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const row = value as Record<string, unknown>;
  const name = row['row'];
  if (typeof name !== 'string' || !Object.hasOwn(NEEDED, name)) return undefined;
  const needed = NEEDED[name as HistoryRow['row']];
  const whole =
    needed.text.every((key) => typeof row[key] === 'string') &&
    needed.numbers.every(
      (key) => typeof row[key] === 'number' && Number.isFinite(row[key]) && (row[key] >= 0 || key === 'oracle_log10_p'),
    ) &&
    OPTIONAL.every((key) => row[key] === undefined || (typeof row[key] === 'number' && Number.isFinite(row[key]) && row[key] >= 0)) &&
    (row['client'] === undefined || (typeof row['client'] === 'string' && row['clients'] === 1)) &&
    CROWDS.includes(row['crowd']) &&
    (row['collector'] === undefined || typeof row['collector'] === 'string') &&
    (row['network'] === undefined || typeof row['network'] === 'string') &&
    needed.lists.every((key) => Array.isArray(row[key]));
  if (!whole || (name === 'world' && !isWorld(row))) return undefined;
  return value as HistoryRow;
}

/** A history of more than ten years, or one that ends before it begins, is a mistake. */
const LONGEST_S = 10 * 366 * 86_400;

function isWorld({ from, to, projects }: Readonly<Record<string, unknown>>): boolean {
  const spanS = Number(to) - Number(from);
  if (spanS < 0 || spanS > LONGEST_S || typeof projects !== 'object' || projects === null) return false;
  return Object.values(projects).every((hosts) => Array.isArray(hosts) && hosts.every((host) => typeof host === 'string'));
}

/** Whether a history watches the host that a row is of. */
export function watches(world: WorldRow): (row: { readonly project: string; readonly host: string }) => boolean {
  const watched = new Set(
    Object.entries(world.projects).flatMap(([project, hosts]) => hosts.map((host) => JSON.stringify([project, host]))),
  );
  return ({ project, host }) => watched.has(JSON.stringify([project, host]));
}
