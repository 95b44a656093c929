/** A tiny real collector: listens on loopback, opens envelopes with the real opener, answers as it is told. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeBody, loadRecipientKeys, makeRecipientKey, openEnvelope, verifyEnvelope } from '../../../protocol/src/open.js';
import type { ReportBody } from '../../../protocol/src/fields.js';

export const KEYS = makeRecipientKey();
const loaded = loadRecipientKeys([KEYS]);

export interface Received {
  readonly body: ReportBody;
  readonly bytes: Buffer;
  readonly headers: IncomingHttpHeaders;
  readonly signed: boolean;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export const take: Answer = (response) => void response.writeHead(204).end();
export const problem =
  (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(JSON.stringify({ status, code }));

export interface TinyCollector {
  readonly origin: string;
  readonly received: Received[];
  /** Every request, whatever was answered. */
  readonly requests: { method: string; url: string; headers: IncomingHttpHeaders }[];
  answer: Answer;
  witness: Answer;
  /** What `/v1/config/…` answers; 404 without. */
  config: string | undefined;
  close(): Promise<void>;
}

export async function startCollector(host = '127.0.0.1', answer: Answer = take, keys = loaded): Promise<TinyCollector> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      collector.requests.push({ method, url, headers });
      if (url === '/v1/witness') return collector.witness(response, request);
      if (url.startsWith('/v1/config/')) {
        if (collector.config === undefined) problem(404, 'not_found')(response, request);
        else response.writeHead(200, { 'content-type': 'application/json' }).end(collector.config);
        return;
      }
      const bytes = Buffer.concat(chunks);
      void verifyEnvelope(bytes).then((signed) => {
        collector.received.push({ body: decodeBody(openEnvelope(bytes, keys)).body, bytes, headers, signed });
        collector.answer(response, request);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  const collector: TinyCollector = {
    origin: `http://${host}:${port}`,
    received: [],
    requests: [],
    answer,
    config: undefined,
    witness: (response) =>
      void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ now: Date.now(), asn: 3320, country: 'DE' })),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return collector;
}
