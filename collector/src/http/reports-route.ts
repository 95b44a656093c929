/** `POST /v1/reports`, answered before express: a framework would cost more than everything else but the cryptography. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ERRORS, MAX_ENVELOPE_BYTES } from '@outcry/protocol';
import type { Receive } from '../intake/receive.js';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Sender, SenderOf } from '../network/sender.js';
import { CORS_HEADERS, sendProblem } from './problem.js';
import { readBody } from './read-body.js';

export interface ReportsParts {
  readonly receive: Receive;
  readonly senderOf: SenderOf;
  readonly metrics: Metrics;
  readonly maxInWork: number;
  /** Of these, uploads of one address prefix: one slow sender cannot take every place. */
  readonly maxInWorkPerPrefix: number;
  readonly isStopping: () => boolean;
  /** Rows were journaled. */
  readonly onStored: (rows: number) => void;
  readonly log: Log;
}

export interface ReportsRoute {
  handle(request: IncomingMessage, response: ServerResponse): void;
  readonly inWork: () => number;
  /** Resolves when no upload is in work. */
  idle(): Promise<void>;
}

const RETRY_S = 2;
const NEWER_AGENT = 'an agent newer than this collector sends values that are not understood; they are counted, the rest is stored';
const PREFLIGHT = {
  ...CORS_HEADERS,
  'Access-Control-Allow-Methods': 'POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Content-Type',
  'Access-Control-Max-Age': '86400',
};

export function reportsRoute(parts: ReportsParts): ReportsRoute {
  const { receive, senderOf, metrics, maxInWork, maxInWorkPerPrefix, isStopping, onStored, log } = parts;
  let inWork = 0;
  const ofPrefix = new Map<string, number>();
  let waiting: (() => void)[] = [];

  const refuse = (response: ServerResponse, code: keyof typeof ERRORS, retryAfterS = 0): void => {
    metrics.countUpload(code);
    sendProblem(response, code, retryAfterS);
  };

  const work = async (request: IncomingMessage, response: ServerResponse, sender: Sender): Promise<void> => {
    const bytes = await readBody(request, MAX_ENVELOPE_BYTES);
    if (bytes === 'gone') {
      metrics.countUpload('gone');
      return;
    }
    if (bytes === 'too_large') {
      response.setHeader('Connection', 'close');
      refuse(response, 'envelope_too_large');
      return;
    }
    const outcome = await receive(bytes, sender);
    metrics.countUpload(outcome.code);
    if (outcome.code !== 'stored' && outcome.code !== 'duplicate') {
      sendProblem(response, outcome.code, outcome.retryAfterS);
      return;
    }
    if (outcome.code === 'stored') {
      metrics.reports.inc(outcome.reports);
      if (outcome.unknownFields > 0) {
        metrics.unknownFields.inc(outcome.unknownFields);
        log({ level: 'info', message: NEWER_AGENT, values: outcome.unknownFields });
      }
      onStored(outcome.rows);
    }
    response.writeHead(204, CORS_HEADERS);
    response.end();
  };

  const begin = (prefixKey: string): boolean => {
    const others = ofPrefix.get(prefixKey) ?? 0;
    if (others >= maxInWorkPerPrefix) return false;
    ofPrefix.set(prefixKey, others + 1);
    inWork += 1;
    return true;
  };

  const done = (prefixKey: string): void => {
    const others = (ofPrefix.get(prefixKey) ?? 1) - 1;
    if (others === 0) ofPrefix.delete(prefixKey);
    else ofPrefix.set(prefixKey, others);
    inWork -= 1;
    if (inWork > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  };

  /** Never rejects. */
  const workOff = async (request: IncomingMessage, response: ServerResponse, sender: Sender): Promise<void> => {
    try {
      await work(request, response, sender);
    } catch (error) {
      // A fault of ours. The name of the error only: a message could quote what it choked on.
      log({ level: 'error', message: 'an upload failed here', error: error instanceof Error ? error.name : 'unknown' });
      refuse(response, 'internal_error');
    } finally {
      done(sender.prefixKey);
    }
  };

  return {
    handle(request, response) {
      if (request.method === 'OPTIONS') {
        response.writeHead(204, PREFLIGHT);
        response.end();
      } else if (request.method !== 'POST') {
        response.setHeader('Allow', 'POST, OPTIONS');
        sendProblem(response, 'method_not_allowed');
      } else if (isStopping()) {
        response.setHeader('Connection', 'close');
        refuse(response, 'stopping', RETRY_S);
      } else if (inWork >= maxInWork) {
        response.setHeader('Connection', 'close');
        refuse(response, 'overloaded', RETRY_S);
      } else {
        const sender = senderOf(request);
        if (!begin(sender.prefixKey)) {
          response.setHeader('Connection', 'close');
          refuse(response, 'rate_limited', RETRY_S);
          return;
        }
        void workOff(request, response, sender);
      }
    },
    inWork: () => inWork,
    idle: () => (inWork === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
