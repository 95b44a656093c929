import { publish } from '../publish/publish.js';
import type { LiveReport } from '../publish/shapes.js';
import { ask } from '../queries/ask.js';
import { liveReports } from '../queries/live-reports.js';
import { policyOf } from './settings.js';
import type { AnswerDeps } from './settings.js';

const LIMIT = 100;

/** The last reports of a development project, newest first; undefined when there is no such project or it is no development project. */
export async function liveAnswer(project: string, deps: AnswerDeps): Promise<readonly LiveReport[] | undefined> {
  const watched = deps.projects[project];
  if (watched?.stage !== 'development') return undefined;
  const rows = await ask(deps.client, liveReports, { project, limit: LIMIT });
  const reports = rows.map((r) => ({
    receivedMs: r.received * 1000,
    occurredMs: r.occurred * 1000,
    host: r.host,
    method: r.method,
    resource: r.resource,
    type: r.type,
    kind: r.kind,
    phase: r.phase,
    confidencePct: r.confidence_pct,
    elapsedMs: r.elapsed_ms,
    statusCode: r.status_code,
    count: r.count,
    collector: r.collector,
    source: r.source,
    release: r.release,
  }));
  return publish({ shape: 'live', stage: watched.stage, reports }, policyOf(deps, project)).reports;
}
