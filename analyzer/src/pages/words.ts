/** Words for kinds, types and verdicts, as the pages say them. */
import type { SpikePhase } from '@outcry/storage';
import type { PublishedAllUsers, PublishedSlo } from '../publish/shapes.js';

export const KIND_WORDS: Readonly<Record<string, string>> = {
  dns: 'name lookup',
  routing: 'connection',
  tls: 'TLS handshake',
  timeout: 'no answer in time',
  http: 'broken or error answer',
  cors: 'refused by CORS',
  blocked: 'blocked on the device',
  offline: 'device offline',
  unknown: 'unknown',
};

const TYPE_WORDS: Readonly<Record<string, string>> = {
  'dns.name_not_resolved': 'the name does not exist',
  'dns.unreachable': 'the name server could not be reached',
  'dns.failed': 'the name could not be looked up',
  'tcp.timed_out': 'the connection was not answered',
  'tcp.refused': 'the port is closed',
  'tcp.reset': 'the connection was reset',
  'tcp.closed': 'the connection was closed',
  'tcp.address_unreachable': 'there is no route to the address',
  'tcp.failed': 'no connection came about',
  'tls.cert.name_invalid': 'the certificate is for another name',
  'tls.cert.date_invalid': 'the certificate has expired or is not valid yet',
  'tls.cert.authority_invalid': 'nobody known has signed the certificate',
  'tls.cert.invalid': 'the certificate is not valid',
  'tls.failed': 'the TLS handshake failed',
  'http.error': 'the server answered with an error',
  'http.failed': 'the answer did not come or was cut off',
  'http.response.invalid.empty': 'the connection was closed without an answer',
  abandoned: 'the client gave up waiting for an answer',
  'cors.refused': 'the answer lacks the CORS header that the page needs',
  'policy.csp': "the page's own policy forbids the request",
  'policy.mixed_content': 'a secure page may not load over plain http',
  'client.offline': 'the device was offline',
};

/** A failure type in words; the type itself where there are none. */
export function typeWords(type: string, statusCode: number = 0): string {
  if (type === 'http.error' && statusCode > 0) return `the server answered ${statusCode}`;
  return TYPE_WORDS[type] ?? type;
}

export const VERDICT_HEADINGS: Readonly<Record<string, string>> = {
  outside: 'No: the fault is outside',
  inside: 'Yes: the fault is inside',
  release: 'A release of the app',
  local: "No: the clients' own connections",
  undetermined: 'It cannot be told yet',
};

export const PHASE_WORDS: Readonly<Record<SpikePhase, string>> = {
  open: 'Open',
  growing: 'Open, growing',
  recovering: 'Open, recovering',
  reopened: 'Open again',
  closed: 'Over',
  merged: 'Told by another spike',
};

export const DIMENSION_WORDS: Readonly<Record<string, string>> = {
  network: 'Network',
  country: 'Country',
  release: 'Release',
  runtime: 'Runtime',
  os: 'Operating system',
  route: 'Route',
};

/** Users that fail, or why it is not said. */
export function allUsersWords({ text, low, high, note }: PublishedAllUsers): string {
  if (text === null) return `none: ${note ?? ''}`;
  return `${text} (${low} to ${high}), by the opt-in share of each country and release`;
}

/** How fast a budget burns, in a few words. */
export function sloWords({ burn_1h: hour, burn_6h: six, burn_3d: days, severity, budget_spent: spent }: PublishedSlo): string {
  if (hour === null) return 'too few failed requests in the last hour to say';
  const rates = `burns ${hour} times as fast as it lasts in the last hour, ${six ?? '–'} in six hours, ${days ?? '–'} in three days`;
  return [rates, ...(spent === null ? [] : [`${percent(spent)} of it in this spike`]), ...(severity === null ? [] : [severity])].join('; ');
}

/** 0.0312 → `3.1 %` */
export function percent(share: number | null): string {
  if (share === null) return '–';
  const p = share * 100;
  return `${p >= 10 || p === 0 ? Math.round(p) : p.toFixed(p >= 1 ? 1 : 2)} %`;
}
