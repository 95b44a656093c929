import { Router } from 'express';
import type { Request, Response } from 'express';
import { breakdownAnswer } from '../answers/breakdown.js';
import { inventoryAnswer } from '../answers/inventory.js';
import { seriesAnswer } from '../answers/series.js';
import type { AnswerDeps } from '../answers/settings.js';
import { spikeDetail } from '../answers/spike-detail.js';
import { findSpike, listSpikes } from '../answers/spikes.js';
import { GRID } from '../publish/windows.js';
import { gridOf, spanOf, subjectOf, timeOf } from './parameters.js';
import { Problem } from './problem.js';

/** Ids of spikes; anything else is not looked up. */
export const SPIKE_ID: RegExp = /^[0-9a-f]{16}$/;

/** The JSON API. Every number in it went through `publish()`. */
export function apiRoutes(deps: AnswerDeps): Router {
  const router = Router();
  const query = (request: Request): Readonly<Record<string, unknown>> => request.query;
  const watched = (request: Request): { project: string; host: string; kind: string } => {
    const subject = subjectOf(query(request));
    const project = deps.projects[subject.project];
    if (project?.stage !== 'production' || !project.hosts.includes(subject.host)) {
      throw new Problem('bad_parameter', 'project or host is not watched here');
    }
    return subject;
  };

  router.get('/spikes', (_request, response: Response) => void response.json(listSpikes(deps)));
  router.get('/spikes/:id', async (request, response) => {
    const record = SPIKE_ID.test(request.params.id) ? await findSpike(request.params.id, deps) : undefined;
    if (record === undefined) throw new Problem('spike_not_found');
    response.json(await spikeDetail(record, deps));
  });
  router.get('/series', async (request, response) => {
    const { answer } = await seriesAnswer({ ...watched(request), ...spanOf(query(request), deps.now()) }, deps);
    response.json(answer);
  });
  router.get('/breakdown', async (request, response) => {
    const size = gridOf(query(request));
    const atMs = timeOf(query(request), 'at', deps.now());
    response.json(
      await breakdownAnswer({ ...watched(request), size, atMs, beforeMs: timeOf(query(request), 'before', atMs - GRID[size]) }, deps),
    );
  });
  router.get('/inventory', async (_request, response) => void response.json(await inventoryAnswer(deps)));
  return router;
}
