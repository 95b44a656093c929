import { Router } from 'express';
import type { Response } from 'express';
import { DETECT_DEFAULTS } from '../detect/series.js';
import { liveAnswer } from '../answers/live.js';
import { hostSlos } from '../answers/slo.js';
import type { AnswerDeps } from '../answers/settings.js';
import { spikeDetail } from '../answers/spike-detail.js';
import { findSpike, listSpikes } from '../answers/spikes.js';
import type { PageState } from '../pages/layout.js';
import { listPage } from '../pages/list-page.js';
import type { LearningState } from '../pages/list-page.js';
import { livePage } from '../pages/live-page.js';
import { runbookPage } from '../pages/runbook-page.js';
import { spikePage } from '../pages/spike-page.js';
import { VERDICTS } from '../pair/verdict.js';
import { SPIKE_ID } from './api.js';
import { Problem } from './problem.js';
import { readRunbook } from './runbooks.js';

const NEEDED_MINUTES = DETECT_DEFAULTS.minHistoryMs / 60_000;

/** What every page says about the analyzer itself. */
export function pageState(deps: AnswerDeps): PageState {
  const { degraded, latestMs, scrapeErrors } = deps.state();
  const since = degraded === null ? '' : new Date(degraded.sinceMs).toISOString().slice(11, 19);
  const asOf = latestMs === null ? null : new Date(latestMs).toISOString();
  if (degraded?.code === 'storage_unavailable')
    return { trouble: `Storage has not answered since ${since} UTC (storage_unavailable). What you see is what was known then.`, asOf };
  if (degraded?.code === 'detection_stalled')
    return {
      trouble: `No round of detection has finished in time since ${since} UTC (detection_stalled). What you see is what was known by the last one.`,
      asOf,
    };
  if (degraded !== null) return { trouble: `Detection has failed since ${since} UTC (${degraded.code}); the log has the reason.`, asOf };
  const unread = [...scrapeErrors].map(([of, reason]) => `${of} (${reason})`);
  if (unread.length > 0)
    return {
      trouble: `Server metrics cannot be read, or not be right: ${unread.join(', ')}. Verdicts rest on what was read before, and say so where that is too old.`,
      asOf,
    };
  return { trouble: null, asOf };
}

/** Projects that have too little history to be judged, and hosts that joined theirs lately. Nothing is said before the first round. */
export function learningOf(deps: AnswerDeps): LearningState[] {
  const { latest } = deps.state();
  if (latest === null) return [];
  const minutesSince = (ms: number): number => Math.max(0, Math.floor((deps.now() - ms) / 60_000));
  return Object.entries(deps.projects).flatMap(([project, { stage, hosts }]) => {
    if (stage !== 'production') return [];
    const heard = latest.heardMs.get(project);
    const heardMinutes = heard === undefined ? null : minutesSince(heard);
    if (heardMinutes === null || heardMinutes < NEEDED_MINUTES) return [{ project, heardMinutes, neededMinutes: NEEDED_MINUTES }];
    return hosts.flatMap((host) => {
      const joined = latest.joinedMs(project, host);
      const minutes = joined === undefined ? NEEDED_MINUTES : minutesSince(joined);
      return minutes >= NEEDED_MINUTES ? [] : [{ project, host, heardMinutes: minutes, neededMinutes: NEEDED_MINUTES }];
    });
  });
}

/** The pages for people. */
export function pageRoutes(deps: AnswerDeps): Router {
  const router = Router();
  const send = (response: Response, text: string): void => void response.type('html').set('Cache-Control', 'no-store').send(text);
  router.get('/', (_request, response) => send(response, listPage(listSpikes(deps), learningOf(deps), pageState(deps), hostSlos(deps))));
  router.get('/spikes/:id', async (request, response) => {
    const record = SPIKE_ID.test(request.params.id) ? await findSpike(request.params.id, deps) : undefined;
    if (record === undefined) throw new Problem('spike_not_found');
    // Links of alerts go on working where another spike tells the same.
    if (record.life.mergedInto !== null) response.redirect(303, `/spikes/${record.life.mergedInto}`);
    else send(response, spikePage(await spikeDetail(record, deps), deps.now(), pageState(deps)));
  });
  router.get('/live/:project', async (request, response) => {
    const { project } = request.params;
    const reports = await liveAnswer(project, deps);
    if (reports === undefined) throw new Problem('not_found');
    send(response, livePage(project, reports, request.query['refresh'] === '1', pageState(deps)));
  });
  router.get('/runbooks/:verdict', async (request, response) => {
    const verdict = VERDICTS.find((name) => name === request.params.verdict);
    if (verdict === undefined) throw new Problem('not_found');
    send(response, runbookPage(await readRunbook(verdict), pageState(deps)));
  });
  return router;
}
