import type { Response } from 'express';
import { ERRORS } from '@outcry/protocol';
import type { ErrorCode } from '@outcry/protocol';

/** An error answer as RFC 9457 problem+json with a code of the one error table. @param detail - Names a parameter or bound, never content. */
export function sendProblem(response: Response, code: ErrorCode, detail?: string): void {
  const { status, title, remedy } = ERRORS[code];
  response
    .status(status === 0 ? 500 : status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: `urn:outcry:error:${code}`, title, status, code, remedy, ...(detail !== undefined && { detail }) }));
}

/** Thrown by a handler to be answered with a problem. */
export class Problem extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, detail?: string) {
    super(code);
    this.code = code;
    this.detail = detail;
  }
}
