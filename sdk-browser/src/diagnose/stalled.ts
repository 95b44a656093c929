/**
 * A request to which nothing came: it still waits, the app's own limit or patience ended it, or the browser gave up late.
 *
 * - the browser gave up by itself, and our request stalled too: its constants say on what (Linux: a name after 10 s, in
 *   Chromium also 13 s, a handshake after 30 s and 68 s, a connection after 135 s and 90 s). Not on a name where the other port or STUN
 *   was found by it: then a server or its gateway has the same limit.
 * - the host leads our small request from one address to another: `http.response.redirect_loop`.
 * - the host answers our small request: the server thinks, `abandoned` at the stage `request`.
 * - another name answers at once, the other port of this one is silent: bound to the name, `dns.*`; but not where STUN by this name gets
 *   through, or where the answer took as long as packets that are sent again. A filter that drops what names the host looks the same,
 *   except to STUN.
 * - nothing on the address answers, witnesses do: `tcp.timed_out`; but where STUN gets through, only large or TCP packets are lost: `tls.failed`.
 *   A machine that accepts on every port and serves nothing looks the same in Chromium; STUN, and the trace where it serves TLS, tell it.
 * - the other port answers: bound to the port. Firefox's trace of our own request, or TURN over TLS, says that the handshake works:
 *   `abandoned` at the stage `request`. Else a dead port, a full queue and a silent handshake look the same: `abandoned`.
 * - given up by the user after 10 s: 0.5 at most, for patience may have ended.
 */
import type { Diagnosis, Stage } from '@outcry/protocol';
import type { Evidence } from './evidence.js';
import type { Say } from './say.js';

type Rule = (seen: Evidence, say: Say) => Diagnosis | undefined;

/** When an engine gives up by itself, seconds from and to, and on what. */
const GIVES_UP: readonly (readonly [Evidence['engine'], from: number, to: number, type: string, stage: Stage])[] = [
  ['chromium', 9.7, 11, 'dns.unreachable', 'lookup'],
  ['chromium', 12.5, 14.5, 'dns.unreachable', 'lookup'],
  ['firefox', 9.7, 11, 'dns.unreachable', 'lookup'],
  ['chromium', 29.5, 32, 'tls.failed', 'handshake'],
  ['firefox', 66, 71, 'tls.failed', 'handshake'],
  ['chromium', 128, 140, 'tcp.timed_out', 'connect'],
  ['firefox', 88, 94, 'tcp.timed_out', 'connect'],
];

/** What is not answered is sent again after a second (RFC 6298). */
const RETRANSMITTED_MS = 950;
/** Round trips of a name, TCP, TLS and an answer, one of them to spare. */
const ANSWER_TRIPS = 5;

const quiet = (reply: string): boolean => reply === 'stalled';

const engineGaveUp: Rule = ({ how, engine, linux, elapsedMs, probe, otherName, otherPort, ice, trace }, say) => {
  // Our own lookup may have shared the one that ended.
  if (how !== 'failed' || !linux || probe === 'answered' || trace === 'connection') return undefined;
  const seconds = elapsedMs / 1_000;
  const found = GIVES_UP.find(([of, from, to]) => of === engine && seconds >= from && seconds < to);
  if (!found) return undefined;
  const [, , , type, stage] = found;
  const isName = stage === 'lookup';
  if (isName && (otherPort === 'answered' || ice.lookup === 'resolved')) return undefined;
  return say(type, isName && otherName === 'answered' ? 0.95 : 0.75, 'The browser gave up after its own limit.', stage);
};

const serverThinks: Rule = ({ probe, trace, probeTrace, ice, otherPort, otherName }, say) => {
  const why = 'The connection stands, and no answer comes.';
  if (probe === 'answered') return say('abandoned', 0.9, 'The host answers, this request does not.', 'request');
  if (ice.tls === 'stood' || (ice.tls === 'ended' && quiet(probe) && otherPort === 'answered'))
    return say('abandoned', 0.92, why, 'request');
  if (trace !== 'connection' && probeTrace !== 'connection') return undefined;
  return say('abandoned', otherPort === 'answered' || otherName === 'stalled' ? 0.92 : 0.85, why, 'request');
};

const boundToName: Rule = ({ otherName, otherNameMs, otherPort, ice, pending, elapsedMs, engine, roundTrip }, say) => {
  if (otherName !== 'answered' || otherPort === 'answered' || otherPort === 'not_run') return undefined;
  // A way that loses packets lets one through by chance.
  if (ice.lookup === 'resolved' || otherNameMs > RETRANSMITTED_MS + ANSWER_TRIPS * (roundTrip?.ms ?? 0)) return undefined;
  const why = 'The server can be reached by another name, not by this one.';
  if (ice.lookup === 'failed') return say('dns.unreachable', 0.95, why, 'lookup');
  // A name that nobody answers for would have ended it by now.
  const resolved = !pending && elapsedMs > (engine === 'firefox' ? 11_500 : 14_500);
  return say(resolved ? 'dns.address_changed' : 'dns.failed', ice.lookup === 'silent' ? 0.9 : 0.85, why, 'lookup');
};

const addressSilent: Rule = ({ otherName, otherPort, otherBoth, ice, byName, byAddress, probeTrace }, say) => {
  const ways = [otherName, otherPort, otherBoth].filter((reply) => reply !== 'not_run');
  if (ways.length < 2 || !ways.every(quiet)) return undefined;
  if (ice.lookup === 'resolved') return say('tls.failed', 0.6, 'Small packets get through, a handshake does not.', 'handshake');
  const witnessed = [...byName, ...byAddress].includes('witness');
  const most = probeTrace === 'no_connection' || ice.lookup === 'silent' ? 0.9 : 0.85;
  return say('tcp.timed_out', witnessed ? most : 0.6, 'Nothing at its address answers.', 'connect');
};

const ledAround: Rule = ({ redirected }, say) =>
  redirected ? say('http.response.redirect_loop', 0.85, 'It is led from one address to another.', 'response') : undefined;

const RULES: readonly Rule[] = [ledAround, engineGaveUp, serverThinks, boundToName, addressSilent];

export function byStall(seen: Evidence, say: Say): Diagnosis {
  const { how, elapsedMs, byName, byAddress } = seen;
  const patient: Say = (type, confidence, why, stage) => say(type, how === 'aborted' ? Math.min(confidence, 0.5) : confidence, why, stage);
  for (const rule of RULES) {
    const told = rule(seen, patient);
    if (told) return told;
  }
  const witnessed = [...byName, ...byAddress].includes('witness');
  if (how === 'failed') return say('unknown', witnessed ? 0.6 : 0, 'It failed late, and the browser does not say why.');
  const why = how === 'aborted' ? 'Given up after' : 'No answer within';
  return patient('abandoned', witnessed ? 0.65 : 0.5, `${why} ${elapsedMs} ms${how === 'timer' && !seen.pending ? ' of the app' : ''}.`);
}
