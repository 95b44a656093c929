/**
 * Every fault of the lab, with its ground truth. How it is made is data: the state that resolver, router, service and link are put
 * into; a healthy state undoes it.
 */
import { IN_PAGES, IN_TABS, SILENT, fault, truly } from './fault.js';
import type { Fault, State } from './fault.js';
import type { Mode } from './modes.js';
import { PORTAL } from './network.js';
import { API_NAME, FULL_PORT, NAME_SERVER, NOWHERE, RESOLVER, SERVICE, SERVICE_TWO, STRANGER } from './places.js';
import { answering, askingAt } from './resolver.js';

const NAME_FAILED = truly('dns.failed', 'lookup');
const MOVED = truly('dns.address_changed', 'lookup');
const REFUSED = truly('tcp.refused', 'connect');
const LOST = truly('tcp.timed_out', 'connect');
const UNREACHABLE = truly('tcp.address_unreachable', 'connect');
const STALLED_HELLO = truly('tls.failed', 'handshake');
const INVALID = truly('http.response.invalid', 'response');

/** Lost are packets to every port of the address. */
const blackhole: State = { filter: { passing: [`ip daddr ${SERVICE} drop`] } };
const BY_HALF = 'numgen random mod 2 < 1 drop';
const LED_TO_FULL = `ip daddr ${SERVICE} tcp dport 443 dnat ip to ${SERVICE}:${FULL_PORT}`;
const toService = (verdict: string): State => ({ filter: { passing: [`ip daddr ${SERVICE} tcp dport 443 ${verdict}`] } });
const refusing = (icmp: string): State => ({ filter: { passing: [`ip daddr ${SERVICE} reject with icmp type ${icmp}`] } });
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
  fault('name-unanswered', 'no answer for this name', { resolver: askingAt(NOWHERE) }, truly('dns.unreachable', 'lookup'), SILENT),
  fault('name-slow', 'a resolver that takes 2 s', { resolver: askingAt(NAME_SERVER), zone: { waitMs: 2_000 } }, null, { isSilent: true }),
  fault('hijack-dead', 'the name leads to a dead address', { resolver: answering(NOWHERE) }, MOVED, {
    ...SILENT,
    node: 'nothing',
    also: ['tcp.timed_out'],
  }),
  fault('hijack-stranger', "the name leads to a stranger's server", { resolver: answering(STRANGER) }, MOVED, {
    node: 'nothing',
    alone: 'nothing',
    also: ['tls.cert.name_invalid', 'tls.cert.invalid', 'tls.failed'],
  }),
  fault('sinkhole-zero', 'the name leads to 0.0.0.0', { resolver: answering('0.0.0.0') }, MOVED),
  fault('sinkhole-loopback', 'the name leads to 127.0.0.1', { resolver: answering('127.0.0.1') }, MOVED),
];

const ways: readonly Fault[] = [
  fault('blackhole', 'packets to the service are lost', blackhole, LOST, SILENT),
  fault('host-unreachable', 'ICMP: host unreachable', refusing('host-unreachable'), UNREACHABLE),
  fault('net-unreachable', 'ICMP: network unreachable', refusing('net-unreachable'), UNREACHABLE),
  fault('prohibited', 'ICMP: administratively prohibited', refusing('admin-prohibited'), UNREACHABLE),
  fault('port-closed', 'the port is closed', toService('reject with tcp reset'), REFUSED),
  fault(
    'one-address-closed',
    'one of two addresses is closed',
    { ...toService('reject with tcp reset'), resolver: answering(SERVICE, SERVICE_TWO) },
    REFUSED,
    // Node gives each address 250 ms; a busy machine or a long way makes it give up on the good one.
    { mayPass: true, also: ['tcp.timed_out'] },
  ),
  fault('one-address-dead', 'one of two addresses is dead', { ...blackhole, resolver: answering(SERVICE, SERVICE_TWO) }, LOST, {
    ...SILENT,
    mayPass: true,
    also: ['abandoned'],
  }),
  fault(
    'half-lost',
    'half of all packets are lost',
    { filter: { passing: [`ip daddr ${SERVICE} ${BY_HALF}`, `ip saddr ${SERVICE} ${BY_HALF}`] } },
    LOST,
    {
      ...SILENT,
      mayPass: true,
      also: ['tls.failed', 'abandoned', 'unknown'],
      node: 'nothing',
      chromium: 'nothing',
      firefox: 'nothing',
    },
  ),
  fault('accept-full', 'the queue of connections to accept is full', { filter: { leading: [LED_TO_FULL] } }, LOST, SILENT),
  fault('broken-ipv6', 'IPv6 leads nowhere, IPv4 works', { resolver: answering(`${SERVICE},2001:db8::1`) }, null),
  fault('reused-dead', 'packets are lost after an earlier request', blackhole, truly('tcp.timed_out', 'request'), {
    isSilent: true,
    also: ['abandoned', 'tcp.timed_out'],
    // No new connection comes about either.
    alsoKind: 'routing',
    warm: 'keeping',
    request: { before: 'open_connection' },
  }),
  fault('reused-refused', 'connections that stand are reset, new ones refused', toService('reject with tcp reset'), REFUSED, {
    also: ['tcp.reset', 'http.failed'],
    // What is seen first is the reset of the connection that stood.
    alsoKind: 'http',
    warm: 'keeping',
    request: { before: 'open_connection' },
  }),
  fault('worker-closed', 'the port is closed, a service worker is in between', toService('reject with tcp reset'), REFUSED, {
    ...IN_PAGES,
    request: { page: '/worked' },
  }),
  fault('xhr-closed', 'the port is closed, by XMLHttpRequest', toService('reject with tcp reset'), REFUSED, {
    ...IN_PAGES,
    request: { by: 'xhr' },
  }),
  fault('xhr-blackhole', 'packets are lost, by XMLHttpRequest with its timeout', blackhole, LOST, {
    ...SILENT,
    ...IN_PAGES,
    request: { by: 'xhr' },
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
  fault('cert-revoked', 'a revoked certificate, by its stapled status', served('revoked'), truly('tls.cert.revoked', 'handshake'), {
    ...IN_PAGES,
    mayPass: true,
  }),
  fault('tls-1.0-only', 'a server that knows TLS 1.0 only', served('tls_one_zero'), truly('tls.version_or_cipher_mismatch', 'handshake')),
  fault('garbage-hello', 'garbage instead of a ServerHello', served('garbage_hello'), truly('tls.protocol.error', 'handshake')),
  fault('plain-http', 'plain HTTP on port 443', served('plain_http'), truly('tls.protocol.error', 'handshake')),
  fault('tls-stall', 'connected, then silence', served('silent_at_hello'), STALLED_HELLO, { ...SILENT, also: ['tcp.timed_out'] }),
  fault(
    'big-packets-lost',
    'packets above 400 bytes are lost',
    { filter: { passing: [`ip saddr ${SERVICE} meta length > 400 drop`] } },
    STALLED_HELLO,
    { ...SILENT, also: ['tcp.timed_out'] },
  ),
];

const HTTP_ONLY = { also: ['http.response.invalid', 'http.response.invalid.content_length_mismatch', 'tcp.closed', 'tcp.reset'] };
const OVER_H2 = { ...IN_PAGES, warm: 'h2_healthy' } as const;
const answers: readonly Fault[] = [
  fault('http-stall', 'the request is never answered', served('silent_at_request'), truly('abandoned', 'request'), { isSilent: true }),
  fault('answer-late', 'the answer takes 3 s, the app waits for 1 s', served('slow'), truly('abandoned', 'request'), {
    request: { limitMs: 1_000 },
  }),
  fault('given-up-late', 'the app gives up after 12 s of silence', served('silent_at_request'), truly('abandoned', 'request'), {
    ...IN_PAGES,
    isSilent: true,
    request: { giveUpMs: 12_000 },
  }),
  fault('empty-reply', 'closed without an answer', served('empty_reply'), truly('http.response.invalid.empty', 'request')),
  fault('reset-at-request', 'reset after the request', served('reset_at_request'), truly('tcp.reset', 'request')),
  fault('body-stall', 'the body stops', served('silent_in_body'), truly('abandoned', 'response'), { isSilent: true }),
  fault(
    'short-body',
    'the body ends too soon',
    served('short_body'),
    truly('http.response.invalid.content_length_mismatch', 'response'),
    // WebKitGTK takes it for a whole answer.
    { ...HTTP_ONLY, webkit: 'nothing' },
  ),
  fault('reset-in-body', 'reset inside the body', served('reset_in_body'), truly('tcp.reset', 'response'), HTTP_ONLY),
  fault('two-lengths', 'two lengths that differ', served('two_lengths'), INVALID, { ...HTTP_ONLY, webkit: 'nothing' }),
  fault('garbage-status', 'no HTTP in the answer', served('garbage_status'), INVALID),
  fault('bad-gzip', 'a body that cannot be unpacked', served('bad_gzip'), INVALID, { node: 'nothing', webkit: 'nothing' }),
  fault('redirect-loop', 'redirected without end', served('redirect_loop'), truly('http.response.redirect_loop', 'response'), {
    node: 'nothing',
  }),
  fault('http-500', 'HTTP 500', served('error_500'), truly('http.error', 'response')),
  fault('http-503', 'HTTP 503', served('error_503'), truly('http.error', 'response')),
  fault('h2-reset-stream', 'HTTP/2 RST_STREAM', served('h2_reset_stream'), truly('h2.protocol.error', 'request'), OVER_H2),
  fault('h2-go-away', 'HTTP/2 GOAWAY and close', served('h2_go_away'), truly('h2.protocol.error', 'request'), OVER_H2),
  fault('worker-503', 'HTTP 503, a service worker is in between', served('error_503'), truly('http.error', 'response'), {
    ...IN_PAGES,
    request: { page: '/worked' },
  }),
  fault('no-cors-503', '503 without a CORS header', served('no_cors_503'), truly('http.error', 'response'), IN_PAGES),
];

const UPLINK_DEAD = truly('client.uplink_dead', 'unknown');
const lastMile: readonly Fault[] = [
  fault('link-down', "the client's link is down", { link: 'down' }, truly('client.offline', 'unknown')),
  fault('no-route', 'the client has no route', { link: 'no_route' }, truly('client.offline', 'unknown'), { also: ['client.uplink_dead'] }),
  fault('uplink-dead', 'the uplink loses everything', { filter: { passing: ['drop'], arriving: ['drop'] } }, UPLINK_DEAD, {
    isSilent: true,
  }),
  fault(
    'resolver-silent',
    'the resolver is silent',
    { filter: { arriving: [`ip daddr ${RESOLVER} drop`] } },
    truly('client.resolver_dead', 'unknown'),
    { isSilent: true, also: ['client.uplink_dead'] },
  ),
  fault('resolver-closed', "the resolver's port is closed", { resolver: 'off' }, truly('client.resolver_dead', 'unknown'), {
    also: ['client.uplink_dead'],
  }),
  fault('captive-portal', 'a sign-in page takes all web requests', { filter: PORTAL }, truly('client.captive_portal', 'unknown'), {
    also: ['client.uplink_dead'],
  }),
];

const CSP = truly('policy.csp', 'unknown');
const NO_CORS = truly('cors.refused', 'response');
const noFailures: readonly Fault[] = [
  fault('none', 'no fault', {}, null),
  fault('given-up', 'the app gives up after 1 s', served('silent_at_request'), null, { request: { giveUpMs: 1_000 } }),
  fault('leaves', 'the user goes to another page', served('silent_at_request'), null, { ...IN_PAGES, request: { meanwhile: 'leaves' } }),
  fault('closes', 'the user closes the page', served('silent_at_request'), null, { ...IN_TABS, request: { meanwhile: 'closes' } }),
  fault('hidden', 'a slow answer, the tab is in the background', served('slow'), null, { ...IN_TABS, request: { meanwhile: 'hides' } }),
  fault('sleeps', 'the device sleeps for 20 s; timers jump', served('slow'), null, { request: { meanwhile: 'sleeps' } }),
  fault('worker', 'a service worker is in between', {}, null, { ...IN_PAGES, request: { page: '/worked' } }),
  fault('h3-dead', 'HTTP/3 is promised, and nobody speaks it', served('promises_h3'), null, { ...IN_PAGES, warm: 'promises_h3' }),
  fault('over-at-once', 'one expired certificate, then all is well', served('expired_once'), null, { ...IN_PAGES, isOver: true }),
  fault('no-cors', 'an answer without a CORS header', served('no_cors'), NO_CORS, { ...IN_PAGES, request: { before: 'nothing' } }),
  fault('no-preflight', 'a header that the service does not permit', {}, NO_CORS, { ...IN_PAGES, request: { preflight: true } }),
  fault('csp', "the page's own policy forbids it", {}, CSP, { ...IN_PAGES, request: { page: '/strict', before: 'nothing' } }),
  fault('mixed-content', 'plain HTTP from an HTTPS page', {}, truly('policy.mixed_content', 'unknown'), {
    ...IN_PAGES,
    request: { scheme: 'http', before: 'nothing' },
  }),
  fault('blocker', 'an extension blocks the service', {}, truly('policy.blocked', 'unknown'), {
    ...IN_TABS,
    alone: 'nothing',
    request: { blocker: true, before: 'nothing' },
  }),
];

export const FAULTS: readonly Fault[] = [...names, ...ways, ...handshakes, ...answers, ...lastMile, ...noFailures];
