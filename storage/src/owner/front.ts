/** The HTTP front of the embedded engine: as much of ClickHouse's HTTP interface as `@clickhouse/client` speaks. */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createGunzip } from 'node:zlib';
import { sendAnswer, sendError } from './answer.js';
import { execute, type Executor } from './execute.js';
import { FrontError } from './front-error.js';
import { readRequest } from './request.js';

/** Longer than the client keeps an idle socket (2.5 s), so that it never writes into a socket that is just being closed. */
const KEEP_ALIVE_MS = 10_000;

export interface FrontOptions extends Executor {
  /** Asked of every request but `/ping` when it listens on a port, where any local user could connect. */
  readonly password: string | undefined;
}

/** Makes the server; it does not listen yet. */
export function createFront(options: FrontOptions): Server {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    response.setHeader('X-ClickHouse-Server-Display-Name', 'outcry');
    response.setHeader('X-ClickHouse-Timezone', 'UTC');
    answer(options, request, response).catch((error: unknown) => {
      // What is left of the body is thrown away, so that the connection can be used again.
      request.resume();
      sendError(response, error);
    });
  });
  // A body may be produced slowly; the client and `abort` bound a request.
  server.requestTimeout = 0;
  return server;
}

async function answer(options: FrontOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://engine');
  const isGet = request.method === 'GET' || request.method === 'HEAD';
  if (isGet && !url.searchParams.has('query') && (url.pathname === '/ping' || url.pathname === '/')) {
    response.end('Ok.\n');
    return;
  }
  checkPassword(request, options.password);
  const asked = readRequest(url, request.headers['accept-encoding'], headerText(request, 'x-clickhouse-format'));
  if (asked.queryId !== undefined) response.setHeader('X-ClickHouse-Query-Id', asked.queryId);
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  // A GET never writes, as in ClickHouse.
  const settings = isGet ? [...asked.settings, ['readonly', '1'] as const] : asked.settings;
  const result = await execute(options, { ...asked, settings }, decoded(request), gone.signal);
  await sendAnswer(response, result, asked.wantsCompression);
}

function decoded(request: IncomingMessage): AsyncIterable<Buffer> {
  const coding = request.headers['content-encoding'] ?? 'identity';
  if (coding === 'identity') return request;
  if (coding !== 'gzip') throw new FrontError(48, 'NOT_IMPLEMENTED', 'bodies are taken plain or with gzip');
  const gunzip = createGunzip();
  // An error of the request has to reach whoever reads the stream behind it.
  request.once('error', (error) => gunzip.destroy(error));
  request.once('aborted', () => gunzip.destroy(new Error('the client went away')));
  return request.pipe(gunzip);
}

function checkPassword(request: IncomingMessage, password: string | undefined): void {
  if (password === undefined) return;
  const basic = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const given =
    headerText(request, 'x-clickhouse-key') ??
    (basic === undefined
      ? ''
      : Buffer.from(basic, 'base64')
          .toString('utf8')
          .replace(/^[^:]*:/, ''));
  const [one, other] = [Buffer.from(given), Buffer.from(password)];
  if (one.length !== other.length || !timingSafeEqual(one, other)) {
    throw new FrontError(516, 'AUTHENTICATION_FAILED', 'the password is wrong');
  }
}

function headerText(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
