/**
 * The watched service, and every way in which its server can fail, on raw sockets. One port; `become` chooses what it does with the
 * next connections. Also the captive portal: the same program at the access router, as a stranger.
 */
import { createSecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp } from 'node:net';
import type { Server, Socket } from 'node:net';
import { TLSSocket, createSecureContext } from 'node:tls';
import type { CertificateName, LabCertificates } from './certificates.js';
import { API_NAME, STRANGER } from './places.js';
import { serveCalls } from './role.js';

const OPEN = 'access-control-allow-origin: *\r\ntiming-allow-origin: *\r\n';
const BODY = '{"ok":true}';
const full = (status: string, headers = OPEN): string =>
  `HTTP/1.1 ${status}\r\n${headers}connection: close\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

type Connection = (socket: Socket) => void;
/** What to do with a decrypted request; `raw` is the connection underneath. */
type Exchange = (secure: TLSSocket, raw: Socket) => void;

let certificates: LabCertificates['service'];

const https = (name: CertificateName): Connection => {
  const server = createHttps({ ...certificates[name], keepAliveTimeout: 60_000 }, (_request, response) => {
    response.setHeader('access-control-allow-origin', '*').setHeader('timing-allow-origin', '*');
    response.end(BODY);
  });
  server.on('tlsClientError', () => undefined);
  return (socket) => void server.emit('connection', socket);
};

/** Shakes hands well, reads the request, and does as told. */
const exchange =
  (act: Exchange): Connection =>
  (raw) => {
    const secure = new TLSSocket(raw, { isServer: true, secureContext: createSecureContext(certificates.right) });
    secure.on('error', () => undefined);
    secure.once('data', () => act(secure, raw));
  };
const answer = (text: string): Connection => exchange((secure) => void secure.end(text));

const afterHello =
  (act: (socket: Socket, hello: Buffer) => void): Connection =>
  (socket) =>
    void socket.once('data', (hello) => act(socket, hello));

const twice = (act: (stream: import('node:http2').ServerHttp2Stream) => void): Connection => {
  const server = createSecureServer({ ...certificates.right, allowHTTP1: false });
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    act(stream);
  });
  server.on('sessionError', () => undefined);
  return (socket) => void server.emit('connection', socket);
};

const oldTls = (): Connection => {
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  const secureContext = createSecureContext({ ...certificates.right, ...old });
  return (raw) => void new TLSSocket(raw, { isServer: true, secureContext }).on('error', () => undefined).resume();
};

const MODES = {
  healthy: () => https('right'),
  expired: () => https('expired'),
  future: () => https('future'),
  wrong_name: () => https('wrong_name'),
  self_signed: () => https('self_signed'),
  untrusted: () => https('untrusted'),
  incomplete: () => https('incomplete'),
  stranger: () => https('stranger'),
  reset_at_accept: () => (socket) => void socket.resetAndDestroy(),
  /** Reads on, for the kernel would turn unread bytes into a reset. */
  close_at_accept: () => (socket) => void socket.resume().end(),
  reset_after_hello: () => afterHello((socket) => void socket.resetAndDestroy()),
  close_after_hello: () => afterHello((socket) => void socket.end()),
  /** As a filter on the way does that looks for the name in the ClientHello. */
  reset_on_name: () => afterHello((socket, hello) => void (hello.includes(API_NAME) ? socket.resetAndDestroy() : socket.end())),
  garbage_hello: () => afterHello((socket) => void socket.end(Buffer.alloc(64, 0x55))),
  plain_http: () => afterHello((socket) => void socket.end(`HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)),
  silent_at_hello: () => (socket) => void socket.resume(),
  tls_one_zero: oldTls,
  silent_at_request: () => exchange(() => undefined),
  empty_reply: () => exchange((secure) => void secure.end()),
  reset_at_request: () => exchange((_secure, raw) => void raw.resetAndDestroy()),
  silent_in_body: () => exchange((secure) => void secure.write(`HTTP/1.1 200 OK\r\n${OPEN}content-length: 1000\r\n\r\n${BODY}`)),
  short_body: () => answer(`HTTP/1.1 200 OK\r\n${OPEN}connection: close\r\ncontent-length: 1000\r\n\r\n${BODY}`),
  reset_in_body: () =>
    exchange((secure, raw) =>
      secure.write(`HTTP/1.1 200 OK\r\n${OPEN}content-length: 1000\r\n\r\n${BODY}`, () => setTimeout(() => raw.resetAndDestroy(), 100)),
    ),
  two_lengths: () => answer(`HTTP/1.1 200 OK\r\n${OPEN}connection: close\r\ncontent-length: 11\r\ncontent-length: 12\r\n\r\n${BODY}`),
  garbage_status: () => answer('this is no answer of HTTP\r\n\r\n'),
  bad_gzip: () => answer(full('200 OK', `${OPEN}content-encoding: gzip\r\n`)),
  redirect_loop: () => answer(full('302 Found', `${OPEN}location: /again\r\n`)),
  error_500: () => answer(full('500 Internal Server Error')),
  error_503: () => answer(full('503 Service Unavailable')),
  no_cors: () => answer(full('200 OK', '')),
  no_cors_503: () => answer(full('503 Service Unavailable', '')),
  h2_reset_stream: () => twice((stream) => stream.close(2)),
  h2_go_away: () =>
    twice((stream) => {
      stream.session?.goaway(0, 0);
      setTimeout(() => stream.session?.destroy(), 20);
    }),
} satisfies Record<string, () => Connection>;

export type Mode = keyof typeof MODES;

let current: Connection;
let stranger: Connection;

serveCalls({
  start(made: LabCertificates['service']): Promise<void> {
    certificates = made;
    current = MODES.healthy();
    stranger = MODES.stranger();
    const server: Server = createTcp((socket) => {
      socket.on('error', () => undefined);
      if (socket.localAddress === STRANGER) stranger(socket);
      else current(socket);
    });
    return new Promise((resolve) => server.listen(443, '0.0.0.0', resolve));
  },
  become(mode: Mode) {
    current = MODES[mode]();
  },
});
