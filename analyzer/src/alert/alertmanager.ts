import { postJson } from './sink.js';
import type { StateSink } from './sink.js';

/**
 * Alertmanager's API v2: grouping, silences and routing are its own. Every server of a cluster is told by itself, as its documentation asks.
 *
 * @param baseUrl - For example `http://127.0.0.1:9093`.
 */
export function alertmanagerSink(baseUrl: string, index: number): StateSink {
  const url = `${baseUrl.replace(/\/+$/, '')}/api/v2/alerts`;
  return {
    name: `alertmanager-${index + 1}`,
    async send(notifications, validForMs, nowMs, signal) {
      const iso = (ms: number): string => new Date(ms).toISOString();
      const alerts = notifications.map(({ alert, url: page, runbookUrl }) => ({
        labels: alert.labels,
        annotations: {
          summary: alert.summary,
          description: alert.details.join('\n'),
          ...(page !== null && { url: page }),
          ...(runbookUrl !== null && { runbook_url: runbookUrl }),
        },
        startsAt: iso(alert.startsAtMs),
        // What is not told again is over: an analyzer that died leaves no alert behind.
        endsAt: iso(alert.endsAtMs ?? nowMs + validForMs),
        ...(page !== null && { generatorURL: page }),
      }));
      await postJson(url, alerts, signal);
    },
  };
}
