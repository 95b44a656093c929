/** The settings of the analyzer as it takes them. */
import type { AlertOptions, AnalyzerOptions, ServerMetricsSource, WatchedProject } from '@outcry/analyzer';
import type { Config } from '../config/schema.js';

type Analyzer = Config['analyzer'];

/** Leaves out what is undefined: an option that is there counts as set. */
function set<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** One source of server metrics; the schema has seen to it that it is of exactly one sort. */
export function serverMetricsOf(source: Analyzer['server_metrics'][number]): ServerMetricsSource {
  const { project, host, url, prometheus_url: prometheusUrl, push_labels: labels, requests, status_label: statusLabel } = source;
  const names = set({ requests, statusLabel });
  if (url !== undefined) return { project, host, url, ...names };
  if (prometheusUrl === undefined) return { project, host, push: { labels: labels ?? {}, ...names } };
  const queries = set({
    requestsQuery: source.requests_query,
    latencyQuery: source.latency_query,
    saturationQuery: source.saturation_query,
    proberQuery: source.prober_query,
    slicesQuery: source.slices_query,
    deploysQuery: source.deploys_query,
    bearerTokenFile: source.bearer_token_file,
  });
  return { project, host, prometheusUrl, ...queries };
}

export function alertsOf(alerts: NonNullable<Analyzer['alerts']>): AlertOptions {
  const { email } = alerts;
  return {
    alertmanagerUrls: alerts.alertmanager_urls,
    webhookUrls: alerts.webhook_urls,
    pageFromClients: alerts.page_from_clients,
    pageUncorroborated: alerts.page_uncorroborated,
    ...set({ publicUrl: alerts.public_url, slackUrl: alerts.slack_url, heartbeatUrl: alerts.heartbeat_url }),
    ...(email !== undefined && { email: { smtpUrl: email.smtp_url, from: email.from, to: email.to } }),
  };
}

export function watchedOf({ hosts, k, stage, loss, slo }: Config['projects'][string]): WatchedProject {
  const cost = loss && { perFailedRequest: loss.per_failed_request, currency: loss.currency };
  const promise = slo && { objective: slo.objective, windowDays: slo.window_days };
  return { hosts, k, stage, ...(cost !== undefined && { loss: cost }), ...(promise !== undefined && { slo: promise }) };
}

/** All that the settings say of the analyzer. */
export function optionsOf({ analyzer, projects }: Config): Omit<AnalyzerOptions, 'client' | 'log'> {
  const { host, port, interval_s: intervalS, false_alarms_per_week: falseAlarmsPerWeek, alerts } = analyzer;
  return {
    host,
    port,
    projects: Object.fromEntries(Object.entries(projects).map(([name, project]) => [name, watchedOf(project)])),
    serverMetrics: analyzer.server_metrics.map(serverMetricsOf),
    ...(alerts !== undefined && { alerts: alertsOf(alerts) }),
    intervalMs: intervalS * 1000,
    falseAlarmsPerWeek,
  };
}
