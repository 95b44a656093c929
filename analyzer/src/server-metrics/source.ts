/** Where the metrics of a watched server come from. One host may have several sources; their series are kept apart and summed. */
interface OfHost {
  readonly project: string;
  readonly host: string;
}

/** A small set-up: the server's own Prometheus text endpoint is read directly. */
export interface ExpositionSource extends OfHost {
  /** URL of a Prometheus text endpoint. */
  readonly url: string;
  /** Counter of answered requests; default `http_requests_total`. */
  readonly requests?: string;
  /** Its label that holds the status; default `status`, then `status_code`, then `code`. Values such as `503` or `5xx`. */
  readonly statusLabel?: string;
}

/** A server that speaks the Prometheus query API (Prometheus, Thanos, Mimir, VictoriaMetrics). */
export interface PrometheusSource extends OfHost {
  /** Base URL; `/api/v1/query_range` is added. */
  readonly prometheusUrl: string;
  /** PromQL: answered requests per second by status; default `sum by (status) (rate(http_requests_total[1m]))`. Not a bare counter: sums of counters fall at every restart. */
  readonly requestsQuery?: string;
  /** PromQL: one series, seconds, for example a 99th percentile. */
  readonly latencyQuery?: string;
  /** PromQL: one series, 0 to 1. */
  readonly saturationQuery?: string;
  /** PromQL: all requests per second with labels `country` (two letters) and `release`, for example `sum by (country, release) (rate(http_requests_total[5m]))`. */
  readonly slicesQuery?: string;
  /** PromQL: one series per prober, 1 where it reached the host and 0 where not, for example `probe_success{instance="https://api.shop.example"}`. */
  readonly proberQuery?: string;
  /** PromQL: one series per running version, for example `count by (version) (app_build_info)`; a version that appears is a deploy. */
  readonly deploysQuery?: string;
  /** File with a bearer token, read at every query. */
  readonly bearerTokenFile?: string;
}

/** Metrics that somebody pushes to the analyzer, by Prometheus remote write or OTLP/HTTP. */
export interface PushSource extends OfHost {
  readonly push: {
    /** Counter or histogram of answered requests; default `http_requests_total` and `http.server.request.duration`. */
    readonly requests?: string;
    /** Label with the status; default as above, then `http.response.status_code`. */
    readonly statusLabel?: string;
    /** Labels (resource attributes too) that a series must carry, for example `{ job: 'api' }`. Empty takes every series of that name. */
    readonly labels: Readonly<Record<string, string>>;
  };
}

export type ServerMetricsSource = ExpositionSource | PrometheusSource | PushSource;

export const isExposition = (source: ServerMetricsSource): source is ExpositionSource => 'url' in source;
export const isPrometheus = (source: ServerMetricsSource): source is PrometheusSource => 'prometheusUrl' in source;
export const isPush = (source: ServerMetricsSource): source is PushSource => 'push' in source;

/** Whether a source is meant to tell how the server does, and not only what probers see. */
export const tellsOfServer = (source: ServerMetricsSource): boolean =>
  !isPrometheus(source) ||
  source.proberQuery === undefined ||
  [source.requestsQuery, source.latencyQuery, source.saturationQuery].some((query) => query !== undefined);
