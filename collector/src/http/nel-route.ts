/** `POST /v1/nel/:project`: where browsers send the reports of Network Error Logging. Preceded by a preflight, since they are JSON. */
import type { RequestHandler } from 'express';
import { MAX_NEL_UPLOAD_BYTES } from '../limits.js';
import type { Log } from '../log.js';
import type { Metrics } from '../metrics.js';
import { refusedNel, type NelAnswer, type NelIntake } from '../nel/receive-nel.js';
import type { Sender, SenderOf } from '../network/sender.js';
import { CORS_HEADERS, sendProblem } from './problem.js';
import { readBody } from './read-body.js';

export interface NelRouteParts {
  readonly intake: NelIntake;
  readonly senderOf: SenderOf;
  readonly metrics: Pick<Metrics, 'nelUploads' | 'nelReports'>;
  readonly maxInWork: number;
  /** Of these, uploads of one address prefix. */
  readonly maxInWorkPerPrefix: number;
  readonly isStopping: () => boolean;
  /** Rows were journaled. */
  readonly onStored: (rows: number) => void;
  readonly log: Log;
}

export interface NelRoute {
  readonly preflight: RequestHandler;
  readonly post: RequestHandler<{ project: string }>;
  /** Resolves when no upload is in work. */
  idle(): Promise<void>;
}

const RETRY_S = 2;
const PREFLIGHT = {
  ...CORS_HEADERS,
  'Access-Control-Allow-Methods': 'POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Content-Type',
  'Access-Control-Max-Age': '86400',
};
const REPORTS_TYPE = /^application\/reports\+json\s*(;|$)/i;

export function nelRoute(parts: NelRouteParts): NelRoute {
  const { intake, senderOf, metrics, maxInWork, maxInWorkPerPrefix, isStopping, onStored, log } = parts;
  /** Uploads, and the prefixes they come from. */
  const inWork = new Map<Promise<unknown>, string>();
  const workOf = (prefixKey: string): number => [...inWork.values()].filter((each) => each === prefixKey).length;

  const answerOf = async (request: Parameters<NelRoute['post']>[0], sender: Sender): Promise<NelAnswer | 'gone'> => {
    if (isStopping()) return refusedNel('stopping', RETRY_S);
    if (inWork.size >= maxInWork) return refusedNel('overloaded', RETRY_S);
    if (workOf(sender.prefixKey) >= maxInWorkPerPrefix) return refusedNel('rate_limited', RETRY_S);
    const admitted = intake.admit(request.params.project, sender);
    if ('code' in admitted) return admitted;
    if (!REPORTS_TYPE.test(request.headers['content-type'] ?? '')) return refusedNel('nel_content_type');
    const bytes = await readBody(request, MAX_NEL_UPLOAD_BYTES);
    if (bytes === 'gone') return bytes;
    return bytes === 'too_large' ? refusedNel('nel_too_large') : intake.receive(admitted, bytes, sender);
  };

  return {
    preflight: (_request, response) => void response.writeHead(204, PREFLIGHT).end(),
    post(request, response) {
      const sender = senderOf(request);
      const work = answerOf(request, sender)
        .catch((error: unknown) => {
          // The name of the error only: a message could quote what it choked on.
          log({ level: 'error', message: 'a NEL upload failed here', error: error instanceof Error ? error.name : 'unknown' });
          return refusedNel('internal_error');
        })
        .then((answer) => {
          if (answer === 'gone') return;
          const { code, retryAfterS, rows, outcomes } = answer;
          metrics.nelUploads.inc({ code });
          for (const [outcome, count] of outcomes) metrics.nelReports.inc({ outcome }, count);
          if (rows > 0) onStored(rows);
          if (code === 'stored' || code === 'nothing_new') response.writeHead(204, CORS_HEADERS).end();
          else {
            // A body that was not read must not be taken for the next request.
            if (!request.complete) response.setHeader('Connection', 'close');
            sendProblem(response, code, retryAfterS);
          }
        })
        .finally(() => inWork.delete(work));
      inWork.set(work, sender.prefixKey);
    },
    async idle() {
      await Promise.allSettled(inWork.keys());
    },
  };
}
