import { Counter, Histogram, Registry } from 'prom-client';
import type { RequestHandler } from 'express';

export interface ShopMetrics {
  /** Counts every request that passes and measures its time. */
  readonly watch: RequestHandler;
  /** `GET /metrics` in the Prometheus text format. */
  readonly show: RequestHandler;
}

/** The shop's own numbers, which the analyzer sets beside what its clients report. */
export function createMetrics(): ShopMetrics {
  const registry = new Registry();
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests answered, by status code.',
    labelNames: ['status'] as const,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
    registers: [registry],
  });
  requests.inc({ status: '200' }, 0);
  requests.inc({ status: '503' }, 0);
  return {
    watch(_request, response, next) {
      const stop = seconds.startTimer();
      response.on('finish', () => {
        stop();
        requests.inc({ status: String(response.statusCode) });
      });
      next();
    },
    async show(_request, response) {
      response.type(registry.contentType).send(await registry.metrics());
    },
  };
}
