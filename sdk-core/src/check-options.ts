/** Options as the agent works with them: checked, in lower case, with defaults. */
import { fromBase64Url, HOST_PATTERN, OutcryError, PROJECT_PATTERN, RELEASE_PATTERN, ROUTE_PATTERN } from '@outcry/protocol';
import type { ErrorCode } from '@outcry/protocol';
import { checkReceipt } from './receipt.js';
import type { Platform } from './platform.js';
import type { ConsentState, OutcryOptions, Receipt } from './types.js';

export interface CheckedOptions {
  readonly project: string;
  readonly release: string;
  /** Lower case, without port. */
  readonly hosts: readonly string[];
  /** Origins. */
  readonly collectors: readonly string[];
  /** URLs. */
  readonly witnesses: readonly string[];
  readonly landmarks: Readonly<Record<string, readonly string[]>>;
  /** Origins. */
  readonly nel: readonly string[];
  readonly recipientKey: Uint8Array;
  readonly configKey: Uint8Array | undefined;
  readonly minConfigVersion: number;
  readonly consent: ConsentState;
  readonly receipt: Receipt | undefined;
  readonly routes: readonly (readonly [pattern: string, match: RegExp])[];
  readonly count4xx: boolean;
  readonly samplePpm: number;
  readonly panelPpm: number;
  readonly maxBytesPerDay: number;
  readonly beforeSend: OutcryOptions['beforeSend'];
  readonly debug: boolean;
  readonly store: string | undefined;
  readonly worker: boolean;
}

export const CONSENT_STATES: readonly unknown[] = ['unknown', 'granted', 'denied'];

type Loose = Readonly<Record<string, unknown>>;

const NAMES =
  'project release hosts collectors recipientKey witnesses landmarks nel configKey minConfigVersion consent receipt routes count4xx sample maxBytesPerDay beforeSend debug store worker'.split(
    ' ',
  );
const LOOPBACK = /^(127(\.\d+){3}|\[::1\]|(.+\.)?localhost)$/;

function need(holds: boolean, detail: string, code: ErrorCode = 'OUTCRY_BAD_OPTION'): asserts holds {
  if (!holds) throw new OutcryError(code, detail);
}

const isObject = (value: unknown): value is Loose => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown, pattern: RegExp): value is string => typeof value === 'string' && pattern.test(value);

function texts(value: unknown, name: string, min: number, max: number, code?: ErrorCode): string[] {
  need(
    Array.isArray(value) && value.length >= min && value.length <= max && value.every((item) => typeof item === 'string'),
    `${name}: ${min} to ${max} texts`,
    code,
  );
  return value;
}

/** An absolute https URL without credentials; plain http only where it does not leave the machine. */
function urlOf(text: string, name: string, code?: ErrorCode): URL {
  let url: URL | undefined;
  try {
    url = new URL(text);
  } catch {
    // Named below.
  }
  need(
    url !== undefined &&
      (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname))) &&
      !url.username &&
      !url.password &&
      !url.hash,
    `${name}: https URLs`,
    code,
  );
  return url;
}

function publicKey(value: unknown, name: string): Uint8Array {
  let key: Uint8Array | undefined;
  try {
    key = fromBase64Url(value as string);
  } catch {
    // Named below.
  }
  need(key?.length === 32, name, 'OUTCRY_BAD_PUBLIC_KEY');
  return key;
}

function ppm(value: unknown): number {
  need(typeof value === 'number' && value >= 0 && value <= 1, 'sample: 0 to 1');
  return Math.round(value * 1e6);
}

/** `:name` stands for one segment of a path, `*` for any rest. */
function routeMatcher(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/[.+-]/g, '\\$&').replace(/:\w+/g, '[^/]+').replace(/\*/g, '.*')}$`);
}

/**
 * Checks the options of `init`.
 *
 * @param source - Which agent asks; in a browser `granted` needs the receipt of that user.
 * @returns The options with defaults, frozen in meaning: later changes of the input are not seen.
 * @throws OutcryError OUTCRY_BAD_OPTION, OUTCRY_BAD_COLLECTOR_URL, OUTCRY_BAD_PUBLIC_KEY, OUTCRY_BAD_RECEIPT,
 *   OUTCRY_CONSENT_WITHOUT_RECEIPT, each naming the option. Bounds: docs/reference/sdk.md.
 */
export function checkOptions(options: OutcryOptions, source: Platform['source']): CheckedOptions {
  need(isObject(options), 'options: an object');
  const given: Loose = options;
  for (const name in given) need(NAMES.includes(name), `${name}: no such option`);
  const {
    project,
    release,
    consent = 'unknown',
    count4xx = false,
    debug = false,
    maxBytesPerDay = 1e6,
    beforeSend,
    store,
    worker = false,
  } = options;
  need(isText(project, PROJECT_PATTERN), 'project: 1 to 40 of 0-9 a-z . _ -');
  need(isText(release, RELEASE_PATTERN), 'release: 1 to 40 of 0-9 A-Z a-z . _ - +');

  const hosts = texts(given['hosts'], 'hosts', 1, 100).map((host) => host.toLowerCase().replace(/:\d+$/, ''));
  need(
    hosts.every((host) => HOST_PATTERN.test(host)),
    'hosts: host names',
  );

  const badCollector = 'OUTCRY_BAD_COLLECTOR_URL';
  const collectors = texts(given['collectors'], 'collectors', 1, 16, badCollector).map((text) => {
    const url = urlOf(text, 'collectors', badCollector);
    need(url.pathname === '/' && !url.search, 'collectors: origins', badCollector);
    return url.origin;
  });
  const witnesses =
    given['witnesses'] === undefined
      ? collectors.map((origin) => `${origin}/v1/witness`)
      : texts(given['witnesses'], 'witnesses', 0, 16).map((text) => urlOf(text, 'witnesses').href);

  const landmarks = given['landmarks'] ?? {};
  need(isObject(landmarks), 'landmarks: { host: URLs }');
  for (const host in landmarks) {
    need(hosts.includes(host), 'landmarks: only of hosts');
    for (const text of texts(landmarks[host], 'landmarks', 0, 8)) if (!/^(stun|turns):./.test(text)) urlOf(text, 'landmarks');
  }

  const nel = texts(given['nel'] ?? [], 'nel', 0, 16).map((text) => {
    const { protocol, hostname, origin, pathname, search } = urlOf(text, 'nel');
    need(protocol === 'https:' && pathname === '/' && !search && hosts.includes(hostname), 'nel: https origins of hosts');
    return origin;
  });
  need(!nel.length || source === 'sdk-browser', 'nel: browsers only');

  const recipientKey = publicKey(given['recipientKey'], 'recipientKey');
  const configKey = given['configKey'] === undefined ? undefined : publicKey(given['configKey'], 'configKey');
  const { minConfigVersion = 0 } = options;
  need(Number.isSafeInteger(minConfigVersion) && minConfigVersion >= 0, 'minConfigVersion: 0 or more');

  const routes = texts(given['routes'] ?? [], 'routes', 0, 100);
  need(
    routes.every((route) => ROUTE_PATTERN.test(route)),
    'routes: 1 to 60 of 0-9 A-Z a-z . _ - / : *',
  );
  const sample = given['sample'] ?? 1;
  const shares: Loose = isObject(sample) ? sample : { reports: sample };
  need(Number.isSafeInteger(maxBytesPerDay) && maxBytesPerDay >= 1e3 && maxBytesPerDay <= 1e8, 'maxBytesPerDay: 1e3 to 1e8');
  for (const [name, value] of Object.entries({ count4xx, debug, worker })) need(typeof value === 'boolean', `${name}: true or false`);
  need(beforeSend === undefined || typeof beforeSend === 'function', 'beforeSend: a function');
  need(store === undefined || isText(store, /^[^]{1,1000}$/), 'store: a text');
  need(CONSENT_STATES.includes(consent), 'consent: granted or denied');

  return {
    project,
    release,
    hosts,
    collectors: [...new Set(collectors)],
    witnesses,
    landmarks: landmarks as CheckedOptions['landmarks'],
    nel: [...new Set(nel)],
    recipientKey,
    configKey,
    minConfigVersion,
    consent,
    receipt: consent === 'granted' ? checkReceipt(given['receipt'], source) : undefined,
    routes: routes.map((route) => [route, routeMatcher(route)] as const),
    count4xx,
    samplePpm: ppm(shares['reports'] ?? 1),
    panelPpm: ppm(shares['attempts'] ?? 1),
    maxBytesPerDay,
    beforeSend,
    debug,
    store,
    worker,
  };
}
