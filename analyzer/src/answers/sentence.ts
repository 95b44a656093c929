/** The one true sentence about a spike, made from what is published of it and nothing else. Plain text. */
import type { PublishedSpike } from '../publish/shapes.js';
import type { VerdictName } from '../pair/verdict.js';

const WHAT: Readonly<Record<string, string>> = {
  dns: 'cannot resolve the name',
  routing: 'cannot connect to',
  tls: 'fail in the TLS handshake with',
  timeout: 'get no answer in time from',
  http: 'get broken or error answers from',
  unknown: 'fail, for reasons not yet known, at',
};

export const VERDICT_WORDS: Readonly<Record<VerdictName, string>> = {
  outside: 'The fault is outside: the server is well by its own metrics.',
  inside: 'The fault is inside.',
  release: 'The fault lies in a release of the app.',
  local: "The fault lies in the clients' own connections.",
  undetermined: 'Inside or outside cannot be told yet.',
};

const time = (iso: string): string => `${iso.slice(11, 19)} UTC`;

/** Where, in words: `in network AS3320/DE`, `in 3 places`, or empty when everywhere or not to be named. */
export function placeWords(spike: Pick<PublishedSpike, 'places'>): string {
  const [first, ...more] = spike.places;
  if (first === undefined) return '';
  if (more.length > 0) return `in ${spike.places.length} places`;
  const { network, country, release } = first.where;
  const parts = [
    network === undefined ? '' : `in network ${network}`,
    network === undefined && country !== undefined ? `in country ${country}` : '',
    release === undefined ? '' : `in release ${release}`,
  ];
  return parts.filter((p) => p !== '').join(', ');
}

/** What is usual, in words: `usual: fewer than 1`, `usual: about 12`. */
export function usualWords(expected: number): string {
  return expected < 1 ? 'usual: fewer than 1' : `usual: about ${Math.round(expected)}`;
}

const BY_PROBERS = 'The fault is outside: probers elsewhere reach the host.';

export function sentenceOf(
  spike: Omit<PublishedSpike, 'verdict_detail'> & { readonly verdict_detail?: Pick<PublishedSpike['verdict_detail'], 'by_probers'> },
): string {
  const place = placeWords(spike);
  const clients = spike.failing_clients_text.replace(/^</, 'fewer than').replace(/^\w/, (c) => c.toUpperCase());
  const overIso = spike.ended_at ?? spike.quiet_since;
  const when =
    overIso === null
      ? `since ${time(spike.started_at)}`
      : `from ${time(spike.started_at)} to ${time(overIso)}${spike.started_at.slice(0, 10) === overIso.slice(0, 10) ? '' : ` on ${overIso.slice(0, 10)}`}`;
  const quiet = spike.quiet_since === null ? '' : ', quiet since then';
  const verb = WHAT[spike.kind] ?? 'fail at';
  const subject = `${clients} clients ${overIso === null ? verb : past(verb)} ${spike.host}`;
  return `${subject} ${when}${quiet}${place === '' ? '' : `, ${place}`} (${usualWords(spike.expected_clients)}). ${spike.verdict_detail?.by_probers === true ? BY_PROBERS : VERDICT_WORDS[spike.verdict]}`;
}

/** Where a spike stands, in sentences; none while it simply lasts. */
export function phaseWords(spike: Pick<PublishedSpike, 'phase' | 'quiet_since' | 'reopened'>): string[] {
  const { phase, reopened } = spike;
  const back = reopened === 0 ? [] : [`It had been over and came back${reopened === 1 ? '' : ` ${reopened} times`}.`];
  if (phase === 'growing') return ['The number of failing clients is rising.', ...back];
  if (phase !== 'recovering') return back;
  return [
    spike.quiet_since === null
      ? 'Far fewer clients fail than at its worst.'
      : 'It is quiet, and is closed when it stays so for some minutes.',
    ...back,
  ];
}

const PAST: Readonly<Record<string, string>> = { cannot: 'could not', fail: 'failed', 'fail,': 'failed,', get: 'got' };

function past(verb: string): string {
  const [first = '', ...rest] = verb.split(' ');
  return [PAST[first] ?? first, ...rest].join(' ');
}
