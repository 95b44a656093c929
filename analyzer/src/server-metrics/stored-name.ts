/** How a series of a server is named in `server_metrics`. Written once: who stores and who reads meet here. */
import { createHash } from 'node:crypto';

export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

/** `requests`: a counter as it stood; `requests_per_s`: a rate over the time since the sample before; `requests_added`: what came since then. */
export type RequestsForm = 'requests' | 'requests_per_s' | 'requests_added';
export type GaugeName = 'latency_s' | 'saturation';

const hashOf = (series: string): string => createHash('sha256').update(series).digest('hex').slice(0, 8);

const SLICE = /^slice_requests_per_s\{country="([A-Z]{2})",release="([0-9A-Za-z.+_-]{1,40})"\}$/;
/** All requests of one country and release; `undefined` where these are none. */
export const sliceName = (country: string, release: string): string => `slice_requests_per_s{country="${country}",release="${release}"}`;
export function readSliceName(name: string): { country: string; release: string } | undefined {
  const match = SLICE.exec(name);
  return match === null ? undefined : { country: match[1] ?? '', release: match[2] ?? '' };
}

const PROBER = /^probe_success\{series="[0-9a-f]{8}"\}$/;
/** The stored name of one prober's results. @param series - What tells this prober from others. */
export const proberName = (series: string): string => `probe_success{series="${hashOf(series)}"}`;
export const isProber = (name: string): boolean => PROBER.test(name);
const NAME =
  /^(requests|requests_per_s|requests_added)\{class="([1-5]xx|other)"(?:,series="([0-9a-f]{8})")?(?:,process="([0-9a-f]{8})")?(?:,reader="[0-9a-f]{8}")?\}$/;
const READER = /,reader="([0-9a-f]{8})"/;

/**
 * @param series - What tells this series from others of the same class; left out where there is only one in the process.
 * @param process - What tells the process, endpoint or query that it is told by; its series are sampled together.
 * @param reader - What tells the analyzer that read it from others, where it stamps what it reads by its own clock.
 * @returns For example `requests{class="5xx"}`.
 */
export function storedName(form: RequestsForm, statusClass: StatusClass, series?: string, process?: string, reader?: string): string {
  const id = (label: string, of: string | undefined): string => (of === undefined ? '' : `,${label}="${hashOf(of)}"`);
  return `${form}{class="${statusClass}"${id('series', series)}${id('process', process)}${id('reader', reader)}}`;
}

/** What the series of a sum over sets of labels is called. */
const SUM = 'sum over labels';
const SUM_ID = hashOf(SUM);
/** The stored name of a sum over all counters of one class at an endpoint. @param process - What tells the endpoint. @param reader - As of `storedName`. */
export const summedName = (statusClass: StatusClass, process: string, reader?: string): string =>
  storedName('requests', statusClass, SUM, process, reader);

export interface StoredName {
  readonly form: RequestsForm;
  readonly statusClass: StatusClass;
  /** The same for series of one process. Rows of before it was stored name none: there a series is taken to be alone. */
  readonly process: string;
  /** Of which analyzer this is the copy; empty where all would store the very same. */
  readonly reader: string;
  /** The name without the reader: the same for all copies of one series. */
  readonly series: string;
  /** Whether it is a sum, which falls when one of its parts vanishes. */
  readonly isSum: boolean;
}

/** What a stored name says; undefined for a gauge or a name of another version. */
export function readStoredName(name: string): StoredName | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  return {
    form: match[1] as RequestsForm,
    statusClass: match[2] as StatusClass,
    process: match[4] ?? `alone ${match[3] ?? ''}`,
    reader: READER.exec(name)?.[1] ?? '',
    series: name.replace(READER, ''),
    isSum: match[3] === SUM_ID,
  };
}

/** The class of a status such as `503` or `5xx`; `other` for anything else. */
export function classOf(status: string | undefined): StatusClass {
  const match = /^([1-5])(xx|\d\d)$/i.exec(status ?? '');
  return match === null ? 'other' : (`${match[1] ?? ''}xx` as StatusClass);
}

export const STATUS_LABELS = ['status', 'status_code', 'code', 'http.response.status_code', 'http_response_status_code'] as const;

/** Said of a source whose series all lack one: its errors would read as none. */
export const NO_STATUS = 'no series of requests tells a status, so errors of the server cannot be seen';

/** The class that a series' labels name. @param label - The configured label; without it the usual ones are tried in turn. */
export function classByLabels(labels: Readonly<Record<string, string>> | undefined, label: string | undefined): StatusClass {
  const name = label ?? STATUS_LABELS.find((l) => labels?.[l] !== undefined);
  return classOf(name === undefined ? undefined : labels?.[name]);
}
