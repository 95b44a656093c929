/**
 * The answer of the one route that switches browsers' own failure reports on or off. Pure.
 * Source: W3C Network Error Logging §5 (policies), Reporting API of 2018 (`Report-To`, the only form in which browsers take NEL).
 */
import { OutcryError, PROJECT_PATTERN } from '@outcry/protocol';

/** Where the agent in the page fetches the policy, and, with `?remove`, its end. */
export const NEL_PATH = '/.well-known/outcry-nel';

export interface NelEndpoint {
  /** Origin of a collector whose configuration has `nel: true` for the project; https. */
  readonly collector: string;
  /** Lower ones are tried first; 1 to 100, default 1. */
  readonly priority?: number;
  /** Share among endpoints of one priority; 1 to 1000, default 1. */
  readonly weight?: number;
}

export interface NelRouteOptions {
  /** The project, as the collectors know it. */
  readonly project: string;
  /** Collectors in the order of trial: a text is an origin of its own priority, so that the next one is asked when it fails. 1 to 8. */
  readonly collectors: readonly (string | NelEndpoint)[];
  /** How long a browser may go on without asking again, seconds; 60 to 86 400, default 86 400. */
  readonly maxAgeS?: number;
  /** The share of failures that browsers report, above 0 to 1; default 1. */
  readonly failureFraction?: number;
}

export interface NelHeaders {
  readonly on: Readonly<Record<string, string>>;
  readonly off: Readonly<Record<string, string>>;
}

const GROUP = 'outcry-nel';
const MAX_AGE_S = 86_400;
/** Any page that watches this host fetches the route, and reads whom the policy names. */
const COMMON = {
  'Cache-Control': 'no-store',
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Report-To',
} as const;

function need(holds: boolean, detail: string): asserts holds {
  if (!holds) throw new OutcryError('OUTCRY_BAD_OPTION', detail);
}

const isWhole = (value: number, min: number, max: number): boolean => Number.isInteger(value) && value >= min && value <= max;

function originOf(text: unknown): string {
  let url: URL | undefined;
  try {
    url = new URL(text as string);
  } catch {
    // Named below.
  }
  need(url?.protocol === 'https:' && url.pathname === '/' && !url.search && !url.hash && !url.username, 'collectors: https origins');
  return url.origin;
}

/**
 * The headers that switch the reports on, and those that switch them off.
 *
 * @throws OutcryError OUTCRY_BAD_OPTION naming the option.
 */
export function nelHeaders({ project, collectors, maxAgeS = MAX_AGE_S, failureFraction = 1 }: NelRouteOptions): NelHeaders {
  need(typeof project === 'string' && PROJECT_PATTERN.test(project), 'project: 1 to 40 of a-z 0-9 . _ -');
  need(Array.isArray(collectors) && isWhole(collectors.length, 1, 8), 'collectors: 1 to 8');
  need(isWhole(maxAgeS, 60, MAX_AGE_S), 'maxAgeS: 60 to 86400');
  need(typeof failureFraction === 'number' && failureFraction > 0 && failureFraction <= 1, 'failureFraction: above 0, to 1');
  const endpoints = (collectors as readonly (string | NelEndpoint)[]).map((given, index) => {
    const {
      collector,
      priority = 1,
      weight = 1,
    }: NelEndpoint = typeof given === 'string' ? { collector: given, priority: index + 1 } : given;
    need(isWhole(priority, 1, 100) && isWhole(weight, 1, 1_000), 'collectors: priority 1 to 100, weight 1 to 1000');
    return { url: `${originOf(collector)}/v1/nel/${project}`, priority, weight };
  });
  const headers = (max_age: number): Record<string, string> => ({
    ...COMMON,
    'Report-To': JSON.stringify({ group: GROUP, max_age, endpoints }),
    NEL: JSON.stringify({ report_to: GROUP, max_age, failure_fraction: failureFraction, success_fraction: 0 }),
  });
  return { on: headers(maxAgeS), off: headers(0) };
}
