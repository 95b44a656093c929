/** What is pushed to the analyzer: server metrics (Prometheus remote write, OTLP/HTTP) and markers. */
import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import express, { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import type { MarkerRow } from '@outcry/storage';
import type { AnswerDeps } from '../answers/settings.js';
import { markerInput, markerRow } from '../markers/marker.js';
import type { AnalyzerMetrics } from '../metrics.js';
import { readOtlp } from '../server-metrics/otlp.js';
import type { PushedSeries } from '../server-metrics/pushed.js';
import { sortPushed } from '../server-metrics/pushed.js';
import { MAX_UNPACKED_BYTES, messageOf, readRemoteWrite, REMOTE_WRITE_MESSAGE } from '../server-metrics/remote-write.js';
import { isPush } from '../server-metrics/source.js';
import { Problem } from './problem.js';

const MAX_BODY = '4mb';
const inflate = promisify(gunzip);

/**
 * A page elsewhere cannot send these media types to a loopback address without asking first, and is never allowed to; what is sent without
 * an origin comes from a program on this machine.
 */
const notFromPages: RequestHandler = (request, _response, next) => {
  if (request.headers.origin === undefined) next();
  else throw new Problem('origin_refused');
};

/** Snappy is unknown to body parsers, and gzip is inflated here, with a bound. */
const setCodingAside: RequestHandler = (request, response, next) => {
  response.locals['coding'] = request.headers['content-encoding'] ?? 'identity';
  delete request.headers['content-encoding'];
  next();
};

function mediaType(request: Request, ...allowed: readonly string[]): string {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!allowed.includes(type)) throw new Problem('unsupported_media_type', `expected ${allowed.join(' or ')}`);
  return type;
}

function bodyOf(request: Request): Buffer {
  if (!Buffer.isBuffer(request.body)) throw new Problem('malformed_body', 'the body is empty');
  return request.body;
}

function read<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    // The reason could quote what was sent.
    throw new Problem('malformed_body', `the body is no ${what}`);
  }
}

/** Mounts `POST /api/v1/push/prometheus`, `POST /v1/metrics` and `POST /api/v1/markers`. */
export function ingestRoutes(deps: AnswerDeps, metrics: AnalyzerMetrics): Router {
  const router = Router();
  const raw = [setCodingAside, express.raw({ type: () => true, limit: MAX_BODY })];
  const sources = deps.serverMetrics.filter(isPush);

  async function store(pushed: readonly PushedSeries[]): Promise<void> {
    const { rows, foreign, refused } = sortPushed(pushed, sources, deps.now());
    if (rows.length > 0) await deps.client.insert({ table: 'server_metrics', values: [...rows], format: 'JSONEachRow' });
    metrics.pushedSamples.inc({ outcome: 'stored' }, rows.length);
    metrics.pushedSamples.inc({ outcome: 'foreign' }, foreign);
    metrics.pushedSamples.inc({ outcome: 'refused' }, refused);
  }

  router.post('/api/v1/push/prometheus', notFromPages, ...raw, async (request, response: Response) => {
    mediaType(request, 'application/x-protobuf');
    if (messageOf(request.headers['content-type'] ?? '') !== REMOTE_WRITE_MESSAGE)
      throw new Problem('unsupported_media_type', `expected proto=${REMOTE_WRITE_MESSAGE} (remote write 1.0)`);
    if (response.locals['coding'] !== 'snappy') throw new Problem('unsupported_media_type', 'expected Content-Encoding: snappy');
    await store(read('remote write request', () => readRemoteWrite(bodyOf(request))));
    response.status(204).end();
  });

  router.post('/v1/metrics', notFromPages, ...raw, async (request, response: Response) => {
    const type = mediaType(request, 'application/x-protobuf', 'application/json') as 'application/x-protobuf' | 'application/json';
    const coding: unknown = response.locals['coding'];
    if (coding !== 'identity' && coding !== 'gzip') throw new Problem('unsupported_media_type', 'expected gzip or no Content-Encoding');
    const body =
      coding === 'gzip'
        ? await inflate(bodyOf(request), { maxOutputLength: MAX_UNPACKED_BYTES }).catch(() => {
            throw new Problem('malformed_body', 'the body cannot be inflated, or to more than 8 MiB');
          })
        : bodyOf(request);
    await store(read('OTLP metrics request', () => readOtlp(body, type)));
    // An empty ExportMetricsServiceResponse: nothing was rejected that the sender could mend.
    response
      .status(200)
      .type(type)
      .send(type === 'application/json' ? '{}' : Buffer.alloc(0));
  });

  router.post('/api/v1/markers', notFromPages, ...raw, async (request, response: Response) => {
    mediaType(request, 'application/json');
    const value: unknown = read('JSON', (): unknown => JSON.parse(bodyOf(request).toString('utf8')));
    const input = markerInput.safeParse(value);
    if (!input.success)
      throw new Problem('bad_parameter', `${input.error.issues[0]?.path.join('.') ?? 'the marker'} is missing or out of its bounds`);
    const project = deps.projects[input.data.project];
    if (project === undefined || (input.data.host !== '' && !project.hosts.includes(input.data.host)))
      throw new Problem('bad_parameter', 'project or host is not watched here');
    const row = markerRow(input.data, deps.now());
    await deps.client.insert<MarkerRow>({ table: 'markers', values: [row], format: 'JSONEachRow' });
    response.status(201).json({ ...row, time: new Date(row.time * 1000).toISOString() });
  });
  return router;
}
