/** The one server of a collector: plain on loopback, TLS everywhere else. */
import { readFileSync, statSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { OutcryError } from '@outcry/protocol';
import type { Log } from '../log.js';

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerPrefix: number;
  /** The address prefix that a connection counts for; undefined for one that is not counted. */
  readonly prefixOf: (socket: Socket) => string | undefined;
  readonly log: Log;
  /** How often the certificate files are looked at, in milliseconds. */
  readonly tlsCheckMs?: number;
}

export interface RunningServer {
  readonly port: number;
  readonly url: string;
  /** Stops listening, lets answers go out, then closes what is left open. */
  close(graceMs: number): Promise<void>;
}

const MAX_HEADER_BYTES = 8 * 1024;
const KEEP_ALIVE_MS = 30_000;
const TLS_CHECK_MS = 5_000;
/** How often slow requests are looked for. */
const CHECK_MS = 500;

type TlsFiles = NonNullable<ServerOptions['tls']>;

function readTls({ certFile, keyFile }: TlsFiles): { cert: Buffer; key: Buffer } {
  try {
    return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  } catch {
    throw new OutcryError('OUTCRY_BAD_CONFIG', 'tls: certFile or keyFile cannot be read');
  }
}

/** Changes when either file was written or replaced, by a link or otherwise. Polled, since renamed links escape watchers. */
function stampOf({ certFile, keyFile }: TlsFiles): string {
  return [certFile, keyFile]
    .map((file) => {
      const { mtimeMs, size, ino } = statSync(file);
      return `${mtimeMs}/${size}/${ino}`;
    })
    .join(' ');
}

function reloadOnChange(server: ReturnType<typeof createTlsServer>, files: TlsFiles, checkMs: number, log: Log): () => void {
  let stamp = stampOf(files);
  const timer = setInterval(() => {
    try {
      const current = stampOf(files);
      if (current === stamp) return;
      server.setSecureContext({ ...readTls(files), minVersion: 'TLSv1.2' });
      stamp = current;
      log({ level: 'info', message: 'loaded the changed certificate' });
    } catch {
      // Half-written, or a key that does not fit yet: the old pair serves on, and the next look tries again.
      log({ level: 'warn', message: 'the changed certificate cannot be loaded yet' });
    }
  }, checkMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Ends connections beyond what a prefix may have open, before a byte of them is read or a TLS handshake begins. */
function capConnections(server: TcpServer, maxPerPrefix: number, prefixOf: ServerOptions['prefixOf']): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const prefix = prefixOf(socket);
    if (prefix === undefined) return;
    const others = open.get(prefix) ?? 0;
    if (others >= maxPerPrefix) {
      socket.destroy();
      return;
    }
    open.set(prefix, others + 1);
    socket.once('close', () => {
      const left = (open.get(prefix) ?? 1) - 1;
      if (left === 0) open.delete(prefix);
      else open.set(prefix, left);
    });
  });
}

/** What a request that is no HTTP gets; its socket is closed. Nothing of it is echoed. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: import('node:stream').Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  // Ended is not closed: a client that never ends its own side would keep the socket.
  const close = (): void => void socket.destroy();
  socket.end(`HTTP/1.1 ${status}\r\nAccess-Control-Allow-Origin: *\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, close);
}

/**
 * Starts the server.
 *
 * Throws `OUTCRY_PORT_TAKEN`, and `OUTCRY_BAD_CONFIG` when the host cannot be bound or the certificate cannot be read.
 */
export async function listen(listener: RequestListener, options: ServerOptions): Promise<RunningServer> {
  const { host, port, tls, log } = options;
  const shared = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: options.headersTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    connectionsCheckingInterval: CHECK_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
  };
  let server: Server;
  let stopWatching = (): void => undefined;
  if (tls === undefined) server = createServer(shared, listener);
  else {
    const handshakeTimeout = options.headersTimeoutMs;
    const secure = createTlsServer({ ...shared, ...readTls(tls), minVersion: 'TLSv1.2', handshakeTimeout }, listener);
    // Nothing can be said to a client without a handshake; waiting for an answer to go out would keep its socket for ever.
    secure.on('tlsClientError', (_error, socket) => void socket.destroy());
    stopWatching = reloadOnChange(secure, tls, options.tlsCheckMs ?? TLS_CHECK_MS, log);
    server = secure;
  }
  server.maxConnections = options.maxConnections;
  capConnections(server, options.maxConnectionsPerPrefix, options.prefixOf);
  server.on('clientError', refuseMalformed);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      stopWatching();
      reject(new OutcryError(error.code === 'EADDRINUSE' ? 'OUTCRY_PORT_TAKEN' : 'OUTCRY_BAD_CONFIG', `${host}:${port} cannot be bound`));
    });
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return {
    port: bound,
    url: `${tls === undefined ? 'http' : 'https'}://${name}:${bound}`,
    async close(graceMs) {
      stopWatching();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
