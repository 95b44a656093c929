/**
 * Every fault of the lab, with its ground truth. How it is made is data: the state that resolver, router, service and link are put
 * into; a healthy state undoes it.
 */
import { kindOf, phaseOf } from '@outcry/protocol';
import type { Kind, Phase, Stage } from '@outcry/protocol';
import type { Zone } from './elsewhere.js';
import type { Asked, Engine } from './engine.js';
import type { Filter, Link } from './network.js';
import { API_NAME, NAME_SERVER, NOWHERE, RESOLVER, SERVICE, SERVICE_TWO, STRANGER } from './places.js';
import { answering, askingAt } from './resolver.js';
import type { Answer } from './resolver.js';
import type { Mode } from './service.js';

/** What differs from a healthy world. */
export interface State {
  readonly resolver?: Answer;
  readonly zone?: Zone;
  readonly service?: Mode;
  readonly filter?: Filter;
  readonly link?: Link;
}

/** What really happened; null where nothing happened that is worth a report. */
export type Truth = { readonly type: string; readonly stage: Stage; readonly phase: Phase; readonly kind: Kind } | null;

/** How much an engine can know of it at best: the type, only the kind, or nothing. */
export type Knowable = 'type' | 'kind' | 'nothing';

export interface Fault {
  readonly name: string;
  readonly words: string;
  readonly state: State;
  readonly truth: Truth;
  /** Types that say the same, or are as true from where the client stands. */
  readonly also: readonly string[];
  readonly node: Knowable;
  readonly chromium: Knowable;
  /** Engines that cannot have it are left out. */
  readonly engines: readonly Engine[];
  readonly request: { readonly path: string; readonly page: string; readonly before: Asked['before']; readonly giveUpMs?: number };
}

type Details = Partial<Pick<Fault, 'also' | 'node' | 'chromium' | 'engines'>> & { readonly request?: Partial<Fault['request']> };

const NODE: readonly Engine[] = ['node-fetch', 'node-https'];
const CHROMIUM: readonly Engine[] = ['chromium'];
const ALL: readonly Engine[] = [...NODE, ...CHROMIUM];

function truly(type: string, stage: Stage): Truth {
  return { type, stage, phase: phaseOf(type, stage), kind: kindOf(type, stage) };
}

function fault(name: string, words: string, state: State, truth: Truth, details: Details = {}): Fault {
  const request = { path: '/v1/cart', page: '/', before: 'success' as const, ...details.request };
  return { name, words, state, truth, also: [], node: 'type', chromium: 'kind', engines: ALL, ...details, request };
}

const NAME_FAILED = truly('dns.failed', 'lookup');
const MOVED = truly('dns.address_changed', 'lookup');
const LOST = truly('tcp.timed_out', 'connect');
const UNREACHABLE = truly('tcp.address_unreachable', 'connect');
const STALLED_HELLO = truly('tls.failed', 'handshake');
const INVALID = truly('http.response.invalid', 'response');

const toService = (verdict: string): State => ({ filter: { passing: [`ip daddr ${SERVICE} tcp dport 443 ${verdict}`] } });
const served = (service: Mode): State => ({ service });

const names: readonly Fault[] = [
  fault('nxdomain', 'the name does not exist', { resolver: [`--address=/${API_NAME}/`] }, truly('dns.name_not_resolved', 'lookup')),
  fault(
    'nodata',
    'the name has no address',
    { resolver: [`--local=/${API_NAME}/`, `--txt-record=${API_NAME},empty`] },
    truly('dns.name_not_resolved', 'lookup'),
  ),
  fault('servfail', 'the name server fails', { resolver: askingAt(NAME_SERVER), zone: { code: 2 } }, NAME_FAILED, {
    also: ['dns.name_not_resolved'],
  }),
  fault('dns-refused', 'the resolver refuses the name', { resolver: [] }, NAME_FAILED, { also: ['dns.name_not_resolved'] }),
  fault('name-unanswered', 'no answer for this name', { resolver: askingAt(NOWHERE) }, truly('dns.unreachable', 'lookup')),
  fault('name-slow', 'a resolver that takes 2 s', { resolver: askingAt(NAME_SERVER), zone: { waitMs: 2_000 } }, null),
  fault('hijack-dead', 'the name leads to a dead address', { resolver: answering(NOWHERE) }, MOVED, {
    node: 'nothing',
    also: ['tcp.timed_out'],
    chromium: 'nothing',
  }),
  fault('hijack-stranger', "the name leads to a stranger's server", { resolver: answering(STRANGER) }, MOVED, {
    node: 'nothing',
    also: ['tls.cert.name_invalid'],
    chromium: 'nothing',
  }),
  fault('sinkhole-zero', 'the name leads to 0.0.0.0', { resolver: answering('0.0.0.0') }, MOVED),
  fault('sinkhole-loopback', 'the name leads to 127.0.0.1', { resolver: answering('127.0.0.1') }, MOVED),
];

const ways: readonly Fault[] = [
  fault('blackhole', 'packets to the service are lost', toService('drop'), LOST),
  fault('host-unreachable', 'ICMP: host unreachable', toService('reject with icmp type host-unreachable'), UNREACHABLE),
  fault('net-unreachable', 'ICMP: network unreachable', toService('reject with icmp type net-unreachable'), UNREACHABLE),
  fault('prohibited', 'ICMP: administratively prohibited', toService('reject with icmp type admin-prohibited'), UNREACHABLE),
  fault('port-closed', 'the port is closed', toService('reject with tcp reset'), truly('tcp.refused', 'connect')),
  fault(
    'one-address-closed',
    'one of two addresses is closed',
    { ...toService('reject with tcp reset'), resolver: answering(SERVICE, SERVICE_TWO) },
    null,
  ),
  fault('broken-ipv6', 'IPv6 leads nowhere, IPv4 works', { resolver: answering(`${SERVICE},2001:db8::1`) }, null),
  fault('reused-dead', 'packets are lost after an earlier request', toService('drop'), truly('tcp.timed_out', 'request'), {
    also: ['abandoned'],
    request: { before: 'open_connection' },
  }),
];

const handshakes: readonly Fault[] = [
  fault('reset-at-accept', 'reset as soon as connected', served('reset_at_accept'), truly('tcp.reset', 'handshake')),
  fault('close-at-accept', 'closed as soon as connected', served('close_at_accept'), truly('tcp.closed', 'handshake')),
  fault('reset-after-hello', 'reset after the ClientHello', served('reset_after_hello'), truly('tcp.reset', 'handshake')),
  fault('close-after-hello', 'closed after the ClientHello', served('close_after_hello'), truly('tcp.closed', 'handshake')),
  fault('reset-on-name', 'reset on seeing the name in the ClientHello', served('reset_on_name'), truly('tcp.reset', 'handshake')),
  fault('cert-expired', 'an expired certificate', served('expired'), truly('tls.cert.date_invalid', 'handshake')),
  fault('cert-future', 'a certificate of tomorrow', served('future'), truly('tls.cert.date_invalid', 'handshake')),
  fault('cert-wrong-name', 'a certificate for another name', served('wrong_name'), truly('tls.cert.name_invalid', 'handshake')),
  fault('cert-self-signed', 'a self-signed certificate', served('self_signed'), truly('tls.cert.authority_invalid', 'handshake')),
  fault('cert-untrusted', 'a certificate of an unknown authority', served('untrusted'), truly('tls.cert.authority_invalid', 'handshake')),
  fault(
    'cert-incomplete',
    'the intermediate certificate is missing',
    served('incomplete'),
    truly('tls.cert.authority_invalid', 'handshake'),
  ),
  fault('tls-1.0-only', 'a server that knows TLS 1.0 only', served('tls_one_zero'), truly('tls.version_or_cipher_mismatch', 'handshake')),
  fault('garbage-hello', 'garbage instead of a ServerHello', served('garbage_hello'), truly('tls.protocol.error', 'handshake')),
  fault('plain-http', 'plain HTTP on port 443', served('plain_http'), truly('tls.protocol.error', 'handshake')),
  fault('tls-stall', 'connected, then silence', served('silent_at_hello'), STALLED_HELLO, { also: ['tcp.timed_out'] }),
  fault(
    'big-packets-lost',
    'packets above 400 bytes are lost',
    { filter: { passing: [`ip saddr ${SERVICE} meta length > 400 drop`] } },
    STALLED_HELLO,
    { also: ['tcp.timed_out'] },
  ),
];

const HTTP_ONLY = { also: ['http.response.invalid', 'http.response.invalid.content_length_mismatch', 'tcp.closed', 'tcp.reset'] };
const answers: readonly Fault[] = [
  fault('http-stall', 'the request is never answered', served('silent_at_request'), truly('abandoned', 'request')),
  fault('empty-reply', 'closed without an answer', served('empty_reply'), truly('http.response.invalid.empty', 'request')),
  fault('reset-at-request', 'reset after the request', served('reset_at_request'), truly('tcp.reset', 'request')),
  fault('body-stall', 'the body stops', served('silent_in_body'), truly('abandoned', 'response')),
  fault(
    'short-body',
    'the body ends too soon',
    served('short_body'),
    truly('http.response.invalid.content_length_mismatch', 'response'),
    HTTP_ONLY,
  ),
  fault('reset-in-body', 'reset inside the body', served('reset_in_body'), truly('tcp.reset', 'response'), HTTP_ONLY),
  fault('two-lengths', 'two lengths that differ', served('two_lengths'), INVALID, HTTP_ONLY),
  fault('garbage-status', 'no HTTP in the answer', served('garbage_status'), INVALID),
  fault('bad-gzip', 'a body that cannot be unpacked', served('bad_gzip'), INVALID, { node: 'nothing' }),
  fault('redirect-loop', 'redirected without end', served('redirect_loop'), truly('http.response.redirect_loop', 'response'), {
    node: 'nothing',
  }),
  fault('http-500', 'HTTP 500', served('error_500'), truly('http.error', 'response')),
  fault('http-503', 'HTTP 503', served('error_503'), truly('http.error', 'response')),
  fault('h2-reset-stream', 'HTTP/2 RST_STREAM', served('h2_reset_stream'), truly('h2.protocol.error', 'request'), { engines: CHROMIUM }),
  fault('h2-go-away', 'HTTP/2 GOAWAY and close', served('h2_go_away'), truly('h2.protocol.error', 'request'), { engines: CHROMIUM }),
  fault('no-cors-503', '503 without a CORS header', served('no_cors_503'), truly('http.error', 'response'), { engines: CHROMIUM }),
];

const lastMile: readonly Fault[] = [
  fault('link-down', "the client's link is down", { link: 'down' }, truly('client.offline', 'unknown')),
  fault('no-route', 'the client has no route', { link: 'no_route' }, truly('client.offline', 'unknown'), { also: ['client.uplink_dead'] }),
  fault(
    'uplink-dead',
    'the uplink loses everything',
    { filter: { passing: ['drop'], arriving: ['drop'] } },
    truly('client.uplink_dead', 'unknown'),
  ),
  fault(
    'resolver-silent',
    'the resolver is silent',
    { filter: { arriving: [`ip daddr ${RESOLVER} drop`] } },
    truly('client.resolver_dead', 'unknown'),
    { also: ['client.uplink_dead'] },
  ),
  fault('resolver-closed', "the resolver's port is closed", { resolver: 'off' }, truly('client.resolver_dead', 'unknown'), {
    also: ['client.uplink_dead'],
  }),
  fault(
    'captive-portal',
    'a sign-in page takes all web requests',
    { filter: { portal: true } },
    truly('client.captive_portal', 'unknown'),
    {
      also: ['client.uplink_dead'],
    },
  ),
];

const noFailures: readonly Fault[] = [
  fault('none', 'no fault', {}, null),
  fault('given-up', 'the app gives up after 1 s', served('silent_at_request'), null, { request: { giveUpMs: 1_000 } }),
  fault('no-cors', 'an answer without a CORS header', served('no_cors'), truly('cors.refused', 'response'), {
    engines: CHROMIUM,
    request: { before: 'nothing' },
  }),
  fault('csp', "the page's own policy forbids it", {}, truly('policy.csp', 'unknown'), {
    engines: CHROMIUM,
    request: { page: '/strict', before: 'nothing' },
  }),
];

export const FAULTS: readonly Fault[] = [...names, ...ways, ...handshakes, ...answers, ...lastMile, ...noFailures];

/** How much the engine can know of the fault at best. */
export const knowable = (engine: Engine, { node, chromium }: Fault): Knowable => (engine === 'chromium' ? chromium : node);
