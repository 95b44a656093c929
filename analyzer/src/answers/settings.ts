import type { WatchDeps } from '../watch/settings.js';
import type { WatchState } from '../watch/watch.js';
import { DEFAULT_K } from '../publish/count.js';
import type { Policy } from '../publish/shapes.js';

/** What every answer is made from: storage and configuration, and what the loop last saw. */
export interface AnswerDeps extends WatchDeps {
  readonly state: () => WatchState;
}

/** The publishing rule of a project. */
export const policyOf = (deps: AnswerDeps, project: string): Policy => ({ k: deps.projects[project]?.k ?? DEFAULT_K });
