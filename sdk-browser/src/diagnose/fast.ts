/**
 * A request that failed before anybody lost patience.
 *
 * The host answers a `no-cors` request right after (name, TCP, TLS and HTTP work):
 * - an answer had come, and one of this path was read before: asked again for a readable one, none: `http.failed` (an error page without
 *   the CORS header); one: it has healed, `unknown`.
 * - an answer had come or nothing contradicts it, and nothing of this origin was ever read, or no request that needs a preflight:
 *   `cors.refused`.
 * - nothing had left this machine: something here stopped just this request, `policy.blocked`.
 *
 * It fails again:
 * - STUN by its name says that the lookup fails (Chromium's words, Firefox by its speed): `dns.name_not_resolved`.
 * - another name of the same server answers, the other port of this name does not: bound to the name. `dns.*`; `dns.address_changed` where
 *   something at the address refuses or shows a strange certificate; `policy.blocked` where STUN finds the name, or where the host never
 *   worked in this browser: an extension forbids it always, an outage begins. A filter that resets what names the host looks the same
 *   where the times are not known, so only a failure within no round trip is sure.
 * - both answer: bound to name and port together: a handshake that is cut at the name, or this name's own server.
 * - the other port answers, another name does not: bound to the port. Firefox's trace, WebSocket 1015, TURN, then times tell how far.
 * - no way leads there, witnesses elsewhere answer: `tcp.address_unreachable`.
 * - without landmarks: trace, 1015 and times alone; a host that never worked in this browser and fails at once: `policy.blocked`.
 * What none of it tells is `unknown`; its confidence says how sure it is that this client's own uplink is not to blame.
 */
import type { Diagnosis } from '@outcry/protocol';
import type { Evidence } from './evidence.js';
import { distanceOf } from './round-trips.js';
import type { Came } from './round-trips.js';
import type { Say } from './say.js';

/** A kept connection had ended: a new one does not come about, and that is what failed. */
const wasKept = ({ trace, probe, probeTrace }: Evidence): boolean =>
  trace === 'connection' && probe === 'failed' && probeTrace === 'no_connection';

const NEVER_WORKED = 'It fails at once and never worked in this browser: something here forbids it, or there is no such name.';
/** Sooner than any answer from elsewhere, on an idle machine. */
const AT_ONCE_MS = 30;

type Rule = (seen: Evidence, say: Say) => Diagnosis | undefined;

const failedOr = (reply: string): boolean => reply === 'failed' || reply === 'stalled';

const SIDE_EFFECT: Readonly<Record<Came, readonly [type: string, stage: 'lookup' | 'connect' | 'handshake' | 'request', why: string]>> = {
  nowhere: ['dns.failed', 'lookup', 'Its time is too short for any way to the host.'],
  connect: ['tcp.failed', 'connect', 'Its time is one round trip: no connection.'],
  certificate: ['tls.cert.invalid', 'handshake', 'Its time is two round trips: the certificate.'],
  handshake: ['tls.failed', 'handshake', 'Its time is that of a handshake which broke off.'],
  request: ['http.failed', 'request', 'Its time is that of a whole request.'],
};

/** By trace, sign, TURN and times: how far it came. `base` is the confidence of times that agree. */
function byDistance(seen: Evidence, say: Say, base: number, refused = 'tcp.failed'): Diagnosis | undefined {
  const { trace, probeTrace, sign, ice, probe } = seen;
  if (seen.redirected) return say('http.response.redirect_loop', 0.9, 'It is led from one address to another without end.', 'response');
  if (sign === 'tls') return say('tls.failed', 0.92, 'The browser says that the handshake failed.', 'handshake');
  if ((trace === 'connection' && !wasKept(seen)) || ice.tls === 'stood') {
    const again = probe === 'not_run' || probeTrace === 'connection' || ice.tls === 'stood';
    return say('http.failed', again ? 0.92 : 0.7, 'The connection stood, and no answer came that can be read.', 'request');
  }
  const distance = distanceOf(seen);
  if (distance && !(distance.came === 'request' && trace === 'no_connection')) {
    const [type, stage, why] = SIDE_EFFECT[distance.came];
    const name = distance.came === 'connect' ? refused : type;
    // What HTTP/2 closes after the request takes Chromium as long as a handshake that is tried twice.
    const most = distance.came !== 'handshake' || seen.engine !== 'chromium' ? 1 : seen.multiplexed ? 0.65 : 0.85;
    return say(name, Math.min(distance.sure ? base : 0.6, most), why, stage);
  }
  if (ice.tls === 'failed' && ice.tcp === 'accepted') return say('tls.failed', 0.85, 'TCP comes about, TLS does not.', 'handshake');
  if (ice.tls === 'failed' && ice.tcp === 'failed') return say(refused, 0.85, 'TCP does not come about.', 'connect');
  return undefined;
}

const answersNow: Rule = (seen, say) => {
  const { trace, sign, readBefore, permission, readable, probe, resource } = seen;
  if (probe !== 'answered') return undefined;
  const came = distanceOf(seen)?.came;
  const answered = trace === 'connection' || sign === 'http' || came === 'request';
  if (came === 'nowhere' && !answered) return say('policy.blocked', 0.6, 'The host answers, but this request never left.');
  if (!['fetch', 'xhr', 'eventsource'].includes(resource)) return say('unknown', 0.2, 'The host answers now.');
  // Of a request that waited for its preflight Firefox shows no connection.
  const refused = permission === 'never_had' && came !== 'connect';
  if (trace === 'no_connection' && !refused) return say('unknown', 0.2, 'The host answers now.');
  if (readBefore === 'nothing' || refused)
    return say('cors.refused', answered ? 0.85 : 0.7, 'The network works, but the page may not read the answer.', 'response');
  if (readBefore === 'path' && readable === 'no')
    return say('http.failed', answered ? 0.75 : 0.6, 'An answer comes, but none that the page may read as before.', 'response');
  if (sign === 'http') return say('http.failed', 0.6, 'An answer came that is no stream of events.', 'response');
  return say('unknown', readable === 'yes' ? 0.2 : 0.4, 'The host answers now.');
};

const nameFails: Rule = ({ ice, probe }, say) =>
  ice.lookup === 'failed' && failedOr(probe) ? say('dns.name_not_resolved', 0.95, 'The name cannot be resolved.', 'lookup') : undefined;

const boundToName: Rule = (seen, say) => {
  const { otherName, otherPort, ice, sign } = seen;
  if (otherName !== 'answered' || otherPort === 'answered') return undefined;
  const came = distanceOf(seen)?.came;
  const atOnce = came === 'nowhere';
  if (otherPort === 'failed' && ice.lookup === 'resolved')
    return say('policy.blocked', 0.8, 'The name leads to the host, but no request does.');
  if (sign === 'tls' || came === 'certificate' || came === 'handshake')
    return otherPort === 'failed'
      ? say('dns.address_changed', 0.85, "The name leads to somebody else's server.", 'lookup')
      : say('tls.failed', 0.6, 'Its handshake fails under this name only.', 'handshake');
  if (ice.lookup === 'silent' || came === 'connect')
    return say('dns.address_changed', 0.85, 'The name leads to a wrong address.', 'lookup');
  if (!seen.everReached) return say('policy.blocked', 0.5, NEVER_WORKED);
  if (otherPort !== 'failed' && !atOnce) return undefined;
  const isSure = otherPort === 'failed' && atOnce && seen.roundTrip?.exact;
  return say('dns.failed', isSure ? 0.9 : 0.85, 'The server can be reached by another name, not by this one.', 'lookup');
};

const boundToBoth: Rule = (seen, say) => {
  if (seen.otherName !== 'answered' || seen.otherPort !== 'answered') return undefined;
  const told = byDistance(seen, say, 0.85);
  if (told?.type === 'tls.cert.invalid' || seen.sign === 'tls')
    return say('tls.cert.name_invalid', 0.65, 'The certificate fails under this name only.', 'handshake');
  if (told?.kind === 'tls' || told?.kind === 'http') return told;
  const why = 'Its handshake fails under this name and port only.';
  return say('tls.failed', seen.trace === 'no_connection' ? 0.65 : 0.6, why, 'handshake');
};

const boundToPort: Rule = (seen, say) => (seen.otherPort === 'answered' ? byDistance(seen, say, 0.92, 'tcp.refused') : undefined);

const nothingLeads: Rule = (seen, say) => {
  const ways = [seen.otherName, seen.otherPort, seen.otherBoth].filter((reply) => reply !== 'not_run');
  if (ways.length < 2 || !ways.every((reply) => reply === 'failed')) return undefined;
  const told = byDistance(seen, say, 0.85, 'tcp.address_unreachable');
  if (told && told.kind !== 'dns') return told;
  const witnessed = [...seen.byName, ...seen.byAddress].includes('witness');
  return say('tcp.address_unreachable', witnessed ? 0.65 : 0.5, 'No way leads to its address.', 'connect');
};

const neverWorked: Rule = ({ everReached, elapsedMs, probe, probeMs, ice, otherName, otherPort }, say) => {
  const isAtOnce = probe === 'failed' && Math.min(elapsedMs, probeMs) < AT_ONCE_MS;
  if (everReached || !isAtOnce || ice.lookup === 'failed' || otherName === 'failed' || otherPort === 'answered') return undefined;
  return say('policy.blocked', 0.5, NEVER_WORKED);
};

const RULES: readonly Rule[] = [answersNow, nameFails, boundToName, boundToBoth, boundToPort, nothingLeads, neverWorked];

export function byFastFailure(seen: Evidence, say: Say): Diagnosis {
  for (const rule of RULES) {
    const told = rule(seen, say);
    if (told) return told;
  }
  const told = seen.probe === 'stalled' && seen.trace !== 'connection' ? undefined : byDistance(seen, say, 0.88);
  const witnessed = [...seen.byName, ...seen.byAddress].includes('witness');
  const { trace } = seen;
  const stage = trace === 'connection' ? 'request' : 'unknown';
  return told ?? say('unknown', witnessed ? 0.6 : 0, 'The browser does not say why.', stage);
}
