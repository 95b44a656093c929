/** Where alerts go. */
import type { Alert } from './alert.js';

/** What one alert says, ready to be sent. */
export interface Notification {
  readonly key: string;
  readonly alert: Alert;
  readonly status: 'firing' | 'resolved';
  /** Absolute address of the page, or null. */
  readonly url: string | null;
  /** Absolute address of what to do next, or null. */
  readonly runbookUrl: string | null;
}

/** Told once when an alert begins and once when it ends. */
export interface EventSink {
  /** Names it in logs, metrics and the table of what was told; never its address, which may hold a secret. */
  readonly name: string;
  /** Rejects when it was not taken; it is tried again. */
  send(notification: Notification, signal: AbortSignal): Promise<void>;
}

/** Told of everything that holds, again and again; it does its own bookkeeping. */
export interface StateSink {
  readonly name: string;
  send(notifications: readonly Notification[], validForMs: number, nowMs: number, signal: AbortSignal): Promise<void>;
}

/** The whole text of a notification, for people. */
export function plainText({ alert, status, url, runbookUrl }: Notification): string {
  const head = status === 'resolved' ? `Over: ${alert.summary}` : alert.summary;
  return [
    head,
    ...alert.details.map((line) => `- ${line}`),
    ...(url === null ? [] : [url]),
    ...(runbookUrl === null ? [] : [`Next step: ${runbookUrl}`]),
  ].join('\n');
}

/** Posts JSON. Rejects with plain words, without the address. */
export async function postJson(url: string, body: unknown, signal: AbortSignal, fetchFn: typeof fetch = fetch): Promise<void> {
  const answer = await fetchFn(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal,
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
}
