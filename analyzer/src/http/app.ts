import express from 'express';
import type { ErrorRequestHandler, Express, Request, Response } from 'express';
import { ERRORS } from '@outcry/protocol';
import type { ErrorCode } from '@outcry/protocol';
import type { AnswerDeps } from '../answers/settings.js';
import type { AnalyzerMetrics } from '../metrics.js';
import { errorPage } from '../pages/error-page.js';
import { isUnavailable } from '../watch/watch.js';
import type { LogEntry } from '../watch/watch.js';
import { apiRoutes } from './api.js';
import { assetRoutes } from './assets.js';
import { pageRoutes, pageState } from './pages.js';
import { ingestRoutes } from './ingest.js';
import { Problem, sendProblem } from './problem.js';
import { onlyLoopbackNames, securityHeaders } from './security.js';

/** The whole HTTP face of the analyzer; no side effects until it listens. */
export function createApp(deps: AnswerDeps, metrics: AnalyzerMetrics, log: (entry: LogEntry) => void): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(securityHeaders(), onlyLoopbackNames);
  app.use((request, response, next) => {
    response.on('finish', () => metrics.answers.inc({ route: routeOf(request.path), status: String(response.statusCode) }));
    const { degraded } = deps.state();
    if (degraded !== null) response.set('Outcry-Degraded', degraded.code);
    next();
  });
  app.use(ingestRoutes(deps, metrics));
  app.use((request, _response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD') next();
    else throw new Problem('method_not_allowed');
  });
  app.get('/healthz', (_request, response) => health(response, deps));
  app.get(
    '/metrics',
    async (_request, response) => void response.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
  app.use('/assets', assetRoutes());
  app.use(
    '/api/v1',
    (_request, response, next) => {
      response.set('Cache-Control', 'no-store');
      next();
    },
    apiRoutes(deps),
  );
  app.use(pageRoutes(deps));
  app.use(() => {
    throw new Problem('not_found');
  });
  // Express knows an error handler by its four parameters.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  const onError: ErrorRequestHandler = (error: unknown, request: Request, response: Response, next) => {
    const { code, detail } = problemOf(error);
    if (code === 'internal_error') log({ level: 'warn', message: `an answer failed: ${error instanceof Error ? error.name : 'unknown'}` });
    if (response.headersSent) response.destroy();
    else if (request.path.startsWith('/api/') || request.method === 'POST' || request.accepts(['html', 'json']) !== 'html')
      sendProblem(response, code, detail);
    else
      response
        .status(ERRORS[code].status || 500)
        .type('html')
        .send(errorPage(code, pageState(deps)));
  };
  app.use(onError);
  return app;
}

function problemOf(error: unknown): { code: ErrorCode; detail?: string | undefined } {
  if (error instanceof Problem) return error;
  if (isUnavailable(error)) return { code: 'storage_unavailable' };
  // Express refuses malformed percent-encoding with a URIError of status 400.
  if ((error as { type?: unknown } | null)?.type === 'entity.too.large') return { code: 'body_too_long' };
  if (error instanceof URIError) return { code: 'bad_parameter', detail: 'the address is not well encoded' };
  return { code: 'internal_error' };
}

/** Alive as long as it answers: being degraded is no reason to be restarted. */
function health(response: Response, deps: AnswerDeps): void {
  const { degraded, latestMs } = deps.state();
  response.set('Cache-Control', 'no-store').json({
    status: degraded !== null ? 'degraded' : latestMs === null ? 'starting' : 'ok',
    code: degraded?.code ?? null,
    degraded_since: degraded === null ? null : new Date(degraded.sinceMs).toISOString(),
    last_round_at: latestMs === null ? null : new Date(latestMs).toISOString(),
  });
}

/** A bounded set of route labels. */
function routeOf(path: string): string {
  const [, first = '', second = '', third = ''] = path.split('/');
  if (first === 'api')
    return ['spikes', 'series', 'breakdown', 'inventory', 'markers', 'push'].includes(third) ? `/api/v1/${third}` : '/api';
  if (['spikes', 'live', 'runbooks', 'assets', 'healthz', 'metrics'].includes(first)) return `/${first}`;
  return first === '' && second === '' ? '/' : 'other';
}
