/** Servers that fail on real sockets, one way each. All listen on a loopback address, on ports that the system gives. */
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Certificate } from './certificates.js';

export interface FaultServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on a free port and closes with every connection, so that a stop never waits for a client. */
async function listen(server: Server, host: string): Promise<FaultServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Takes connections and reads requests, and never answers. */
export const startMute = (host: string): Promise<FaultServer> =>
  listen(
    createServer((socket) => socket.resume()),
    host,
  );

/** Reads a request and closes the connection without a byte of answer. */
export const startHangUp = (host: string): Promise<FaultServer> =>
  listen(
    createServer((socket) => socket.once('data', () => socket.end())),
    host,
  );

/** A TLS server with the given certificate, which answers those who trust it. */
export const startTls = (host: string, certificate: Certificate): Promise<FaultServer> =>
  listen(
    createHttpsServer({ cert: certificate.cert, key: certificate.key }, (_request, response) => response.end('{}')).on(
      'tlsClientError',
      () => undefined,
    ),
    host,
  );

/** An http server of one answer. */
export const startAnswering = (host: string, answer: RequestListener): Promise<FaultServer> => listen(createHttpServer(answer), host);

/** A port where nothing listens: taken once and given back. */
export async function findClosedPort(host: string): Promise<number> {
  const server = await listen(createServer(), host);
  await server.close();
  return server.port;
}
