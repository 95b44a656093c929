/** Everything but the intake: express with helmet. Pure composition; the server calls it for what is not `/v1/reports`. */
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { OutcryError } from '@outcry/protocol';
import type { Metrics } from '../metrics.js';
import type { AgentConfigs } from './agent-configs.js';
import type { Sender, SenderOf } from '../network/sender.js';
import type { NelRoute } from './nel-route.js';
import { CORS_HEADERS, sendProblem } from './problem.js';
import { sharedAnswer } from './shared-answer.js';

export interface AppParts {
  readonly metrics: Metrics;
  /** The text of all metrics, of this worker and the others; this one's own where it is alone. */
  readonly metricsText?: (() => Promise<string>) | undefined;
  /** How old that text may be, in milliseconds. */
  readonly metricsAgeMs: number;
  /** Takes one look at the metrics from the allowance of a prefix. Gives the seconds to wait, 0 when it may go on. */
  readonly takeLook: (sender: Sender) => number;
  readonly senderOf: SenderOf;
  readonly now: () => number;
  readonly agentConfigs: AgentConfigs;
  /** Why uploads would be refused just now; undefined when they would not. */
  readonly notReady: () => 'stopping' | 'journal_full' | 'journal_unsafe' | undefined;
  readonly nel: NelRoute;
}

/** The collector serves no page, so a browser that shows one of its answers may load and run nothing. */
const CONTENT_SECURITY_POLICY = { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } };

const methodNotAllowed: RequestHandler = (_request, response) => {
  response.setHeader('Allow', 'GET, HEAD');
  sendProblem(response, 'method_not_allowed');
};

const onError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  // A malformed percent sign in a path ends here, too.
  const fault = error instanceof Error && 'status' in error && error.status === 400 ? 'bad_parameter' : 'internal_error';
  sendProblem(response, error instanceof OutcryError ? error.code : fault);
};

export function createApp({
  metrics,
  metricsText = () => metrics.registry.metrics(),
  metricsAgeMs,
  takeLook,
  senderOf,
  now,
  agentConfigs,
  notReady,
  nel,
}: AppParts): Express {
  const app = express();
  const allMetrics = sharedAnswer(metricsText, metricsAgeMs);
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(helmet({ contentSecurityPolicy: CONTENT_SECURITY_POLICY }));
  app.use('/v1', (_request, response, next) => {
    response.set(CORS_HEADERS);
    next();
  });

  app
    .route('/v1/witness')
    .get((request, response) => {
      const { asn, country } = senderOf(request).label;
      response.set({
        // Whoever asks again must look the name up again: a kept connection would say that names resolve when none does.
        Connection: 'close',
        'Timing-Allow-Origin': '*',
        'Cross-Origin-Resource-Policy': 'cross-origin',
        'Cache-Control': 'no-store',
      });
      response.json({ now: now(), asn, country });
    })
    .all(methodNotAllowed);

  app
    .route('/v1/config/:project')
    .get(async (request, response) => {
      const document = await agentConfigs(request.params.project);
      if (document === undefined) sendProblem(response, 'not_found');
      else
        response
          .set({ 'Cross-Origin-Resource-Policy': 'cross-origin', 'Cache-Control': 'no-store' })
          .type('application/json')
          .send(document);
    })
    .all(methodNotAllowed);

  app
    .route('/healthz')
    .get((_request, response) => void response.set('Cache-Control', 'no-store').json({ status: 'ok' }))
    .all(methodNotAllowed);

  app
    .route('/readyz')
    .get((_request, response) => {
      const reason = notReady();
      if (reason === undefined) response.set('Cache-Control', 'no-store').json({ status: 'ready' });
      else sendProblem(response, reason);
    })
    .all(methodNotAllowed);

  app
    .route('/metrics')
    .get(async (request, response) => {
      const waitS = takeLook(senderOf(request));
      if (waitS > 0) {
        sendProblem(response, 'rate_limited', waitS);
        return;
      }
      const text = await allMetrics();
      response.set('Cache-Control', 'no-store').type(metrics.registry.contentType).send(text);
    })
    .all(methodNotAllowed);

  app
    .route('/v1/nel/:project')
    .options(nel.preflight)
    .post(nel.post)
    .all((_request, response) => {
      response.setHeader('Allow', 'POST, OPTIONS');
      sendProblem(response, 'method_not_allowed');
    });

  // A place kept: POST /v1/relay (sealed envelopes from a relay in a foreign network), into the same journal.
  app.use((_request, response) => sendProblem(response, 'not_found'));
  app.use(onError);
  return app;
}
