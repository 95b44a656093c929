/** Every way in which the service's server can answer or fail, on raw sockets. */
import { createSecureServer } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket, createSecureContext } from 'node:tls';
import type { CertificateName, LabCertificates } from './certificates.js';
import { API_NAME, NEL_NAME } from './places.js';

export type Connection = (socket: Socket) => void;
/** What to do with a decrypted request; `raw` is the connection underneath. */
type Exchange = (secure: TLSSocket, raw: Socket) => void;

const BODY = '{"ok":true}';
const SLOW_MS = 3_000;
/** Source: RFC 8446 §5.1; the length is in the last two. */
const RECORD_HEAD_BYTES = 5;
const NEL = {
  'report-to': `{"group":"nel","max_age":86400,"endpoints":[{"url":"https://${NEL_NAME}/"}]}`,
  nel: '{"report_to":"nel","max_age":86400,"success_fraction":0,"failure_fraction":1}',
};

export interface AnswerHeaders {
  /** Whether answers carry `Timing-Allow-Origin`. */
  readonly tao: boolean;
}

/** Makes the table of modes; each is a maker of what is done with a new connection. */
export function makeModes(certificates: LabCertificates['service'], { tao }: AnswerHeaders) {
  const readable: Record<string, string> = { 'access-control-allow-origin': '*', ...(tao && { 'timing-allow-origin': '*' }), ...NEL };
  const open = Object.entries(readable)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const full = (status: string, headers = open): string =>
    `HTTP/1.1 ${status}\r\n${headers}connection: close\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

  /** Every answer ends its connection, so that the next request starts cold, unless told otherwise. */
  const https = (name: CertificateName, { waitMs = 0, more = { connection: 'close' } as Record<string, string> } = {}): Connection => {
    const server = createHttps({ ...certificates[name], keepAliveTimeout: 60_000 }, (_request, response) => {
      response.setHeaders(new Headers({ ...readable, ...more }));
      setTimeout(() => response.end(BODY), waitMs);
    });
    const { status } = certificates[name];
    server.on('OCSPRequest', (_certificate, _issuer, staple) => staple(null, status ? Buffer.from(status, 'base64') : (null as never)));
    server.on('tlsClientError', () => undefined);
    return (socket) => void server.emit('connection', socket);
  };

  /** One connection meets a fault, the next ones are served well. */
  const once = (first: Connection): Connection => {
    const healthy = https('right');
    let met = false;
    return (socket) => {
      if (met) healthy(socket);
      else first(socket);
      met = true;
    };
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

  /** Acts when the whole ClientHello is there: with its post-quantum key it fills more than one packet. */
  const afterHello =
    (act: (socket: Socket, hello: Buffer) => void): Connection =>
    (socket) => {
      let hello = Buffer.alloc(0);
      const collect = (bytes: Buffer): void => {
        hello = Buffer.concat([hello, bytes]);
        if (hello.length < RECORD_HEAD_BYTES || hello.length < RECORD_HEAD_BYTES + hello.readUInt16BE(3)) return;
        socket.off('data', collect);
        act(socket, hello);
      };
      socket.on('data', collect);
    };

  /** As a filter on the way does that looks for the name in the ClientHello. */
  const resetOnName = (): Connection => {
    const healthy = https('right');
    return afterHello((socket, hello) => {
      if (hello.includes(API_NAME)) return void socket.resetAndDestroy();
      socket.pause();
      socket.unshift(hello);
      healthy(socket);
    });
  };

  const twice = (act: (stream: ServerHttp2Stream) => void): Connection => {
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

  return {
    healthy: () => https('right'),
    keeping: () => https('right', { more: {} }),
    slow: () => https('right', { waitMs: SLOW_MS }),
    /** Says that it speaks HTTP/3, which it does not. */
    promises_h3: () => https('right', { more: { connection: 'close', 'alt-svc': 'h3=":443"; ma=3600' } }),
    expired_once: () => once(https('expired')),
    expired: () => https('expired'),
    future: () => https('future'),
    wrong_name: () => https('wrong_name'),
    self_signed: () => https('self_signed'),
    untrusted: () => https('untrusted'),
    incomplete: () => https('incomplete'),
    revoked: () => https('revoked'),
    stranger: () => https('stranger'),
    reset_at_accept: () => (socket) => void socket.resetAndDestroy(),
    /** Reads on, for the kernel would turn unread bytes into a reset. */
    close_at_accept: () => (socket) => void socket.resume().end(),
    reset_after_hello: () => afterHello((socket) => void socket.resetAndDestroy()),
    close_after_hello: () => afterHello((socket) => void socket.end()),
    reset_on_name: resetOnName,
    garbage_hello: () => afterHello((socket) => void socket.end(Buffer.alloc(64, 0x55))),
    plain_http: () => afterHello((socket) => void socket.end(`HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)),
    silent_at_hello: () => (socket) => void socket.resume(),
    tls_one_zero: oldTls,
    silent_at_request: () => exchange(() => undefined),
    empty_reply: () => exchange((secure) => void secure.end()),
    reset_at_request: () => exchange((_secure, raw) => void raw.resetAndDestroy()),
    silent_in_body: () => exchange((secure) => void secure.write(`HTTP/1.1 200 OK\r\n${open}content-length: 1000\r\n\r\n${BODY}`)),
    short_body: () => answer(`HTTP/1.1 200 OK\r\n${open}connection: close\r\ncontent-length: 1000\r\n\r\n${BODY}`),
    reset_in_body: () =>
      exchange((secure, raw) =>
        secure.write(`HTTP/1.1 200 OK\r\n${open}content-length: 1000\r\n\r\n${BODY}`, () => setTimeout(() => raw.resetAndDestroy(), 100)),
      ),
    two_lengths: () => answer(`HTTP/1.1 200 OK\r\n${open}connection: close\r\ncontent-length: 11\r\ncontent-length: 12\r\n\r\n${BODY}`),
    garbage_status: () => answer('this is no answer of HTTP\r\n\r\n'),
    bad_gzip: () => answer(full('200 OK', `${open}content-encoding: gzip\r\n`)),
    redirect_loop: () => answer(full('302 Found', `${open}location: /again\r\n`)),
    error_500: () => answer(full('500 Internal Server Error')),
    error_503: () => answer(full('503 Service Unavailable')),
    no_cors: () => answer(full('200 OK', '')),
    no_cors_503: () => answer(full('503 Service Unavailable', '')),
    h2_healthy: () =>
      twice((stream) => {
        stream.on('close', () => stream.session?.close());
        stream.respond({ ':status': 200, 'content-type': 'application/json', ...readable });
        stream.end(BODY);
      }),
    h2_reset_stream: () => twice((stream) => stream.close(2)),
    h2_go_away: () =>
      twice((stream) => {
        stream.session?.goaway(0, 0);
        setTimeout(() => stream.session?.destroy(), 20);
      }),
  } satisfies Record<string, () => Connection>;
}

export type Mode = keyof ReturnType<typeof makeModes>;
