import { postJson, plainText } from './sink.js';
import type { EventSink } from './sink.js';

/** A webhook that takes Slack's `{ text }` (Slack, Mattermost, Rocket.Chat and others). */
export function slackSink(url: string): EventSink {
  return {
    name: 'slack',
    send: (notification, signal) => postJson(url, { text: plainText(notification) }, signal),
  };
}

/** A plain webhook. Body: `{ version: 1, status, key, labels, summary, details, url, runbook_url, starts_at, ends_at }`. */
export function webhookSink(url: string, index: number): EventSink {
  return {
    name: `webhook-${index + 1}`,
    send({ key, status, alert, url: page, runbookUrl }, signal) {
      const { labels, summary, details, startsAtMs, endsAtMs } = alert;
      const body = {
        version: 1,
        status,
        key,
        labels,
        summary,
        details,
        url: page,
        runbook_url: runbookUrl,
        starts_at: new Date(startsAtMs).toISOString(),
        ends_at: endsAtMs === null ? null : new Date(endsAtMs).toISOString(),
      };
      return postJson(url, body, signal);
    },
  };
}
