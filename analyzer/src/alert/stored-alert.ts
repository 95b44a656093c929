/** An alert as it is kept in storage, so that its end can be told by whoever starts later. */
import { z } from 'zod';
import { ALERT_NAMES } from './alert.js';
import type { Alert } from './alert.js';

const schema = z.object({
  labels: z.object({ alertname: z.enum(ALERT_NAMES), severity: z.enum(['page', 'notice', 'none']) }).catchall(z.string()),
  summary: z.string(),
  details: z.array(z.string()),
  path: z.string().nullable(),
  runbook: z.string().optional(),
  startsAtMs: z.number(),
});

export function documentOf({ labels, summary, details, path, runbook, startsAtMs }: Alert): string {
  return JSON.stringify({ labels, summary, details, path, runbook, startsAtMs });
}

/** @returns The alert, which held when it was stored; null for a document of another form (an older or newer analyzer's). */
export function alertOf(document: string): Alert | null {
  if (document === '') return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(document);
  } catch {
    return null;
  }
  const { data } = schema.safeParse(parsed);
  if (data === undefined) return null;
  const { runbook, ...alert } = data;
  return { ...alert, ...(runbook !== undefined && { runbook }), endsAtMs: null };
}
