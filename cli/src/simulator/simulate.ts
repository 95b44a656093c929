/** The whole simulator in one call. */
import type { HistoryRow } from '@outcry/analyzer';
import type { TellSource } from './arrivals.js';
import { generate } from './generate.js';
import { largestNetworks } from './networks.js';
import { schedule } from './schedule.js';
import { SCRIPT_NAMES } from './scripts.js';
import { World } from './world.js';
import type { Broken } from './world.js';

export interface SimulateOptions {
  /** 0..2^31-1. */
  readonly seed: number;
  /** s since the epoch; default Monday 2026-01-05. */
  readonly from?: number;
  /** Length, days, > 0; default 1. */
  readonly days?: number;
  readonly projects?: number;
  readonly hosts?: number;
  readonly networks?: number;
  readonly countries?: number;
  readonly releases?: number;
  /** How many incidents; default one of each script. */
  readonly incidents?: number;
  /** Scripts that are drawn in turn; default all. */
  readonly scripts?: readonly string[];
  /** An assumption to break; default none. */
  readonly broken?: Broken;
  /** Told of the address prefix behind each row of failures. */
  readonly tell?: TellSource;
}

/** Networks, and countries that they are of. */
export const WORLD_SIZE = [2_000, 60] as const;
const MONDAY_S = Date.UTC(2026, 0, 5) / 1000;

/** History of a simulated world, by arrival. The same options give the same rows. */
export async function simulate(options: SimulateOptions): Promise<Generator<HistoryRow>> {
  const { seed, from = MONDAY_S, days = 1, projects = 5, hosts = 10, releases = 20 } = options;
  const { networks = WORLD_SIZE[0], countries = WORLD_SIZE[1] } = options;
  const { incidents = SCRIPT_NAMES.length, scripts = SCRIPT_NAMES } = options;
  const to = from + Math.max(1, Math.round(days * 24)) * 3_600;
  const world = new World({
    seed,
    from,
    to,
    projects,
    hosts,
    releases,
    networks: await largestNetworks(networks, countries),
    ...(options.broken !== undefined && { broken: options.broken }),
  });
  return generate(world, schedule(world, incidents, scripts), options.tell);
}
