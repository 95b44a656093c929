/** Errors as RFC 9457 problem details, from the one error table: never a word of the request. */
import type { ServerResponse } from 'node:http';
import { ERRORS, type ErrorCode } from '@outcry/protocol';

const bodies = new Map<ErrorCode, Buffer>();

/** The body of the answer for a code. */
export function problemBody(code: ErrorCode): Buffer {
  let body = bodies.get(code);
  if (body === undefined) {
    const { status, title } = ERRORS[code];
    body = Buffer.from(JSON.stringify({ type: `urn:outcry:error:${code}`, title, status, code }));
    bodies.set(code, body);
  }
  return body;
}

/** What every answer under `/v1/` carries: any page may read it, and see how long to wait. */
export const CORS_HEADERS = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'Retry-After' } as const;

/**
 * Answers with a problem.
 *
 * @param retryAfterS - seconds until another try makes sense, 0 for none.
 */
export function sendProblem(response: ServerResponse, code: ErrorCode, retryAfterS = 0): void {
  const body = problemBody(code);
  if (response.headersSent || response.destroyed) return;
  response.writeHead(ERRORS[code].status, {
    ...CORS_HEADERS,
    'Content-Type': 'application/problem+json',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ...(retryAfterS > 0 ? { 'Retry-After': String(retryAfterS) } : {}),
  });
  response.end(body);
}
