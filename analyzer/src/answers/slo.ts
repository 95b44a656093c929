/** How hosts stand to their objectives, as may be said, and in words. */
import { publish } from '../publish/publish.js';
import type { Published, PublishedSlo } from '../publish/shapes.js';
import type { BurnEpisode } from '../watch/burn-episode.js';
import { policyOf } from './settings.js';
import type { AnswerDeps } from './settings.js';

export interface HostSlo {
  readonly project: string;
  readonly host: string;
  readonly slo: Published<PublishedSlo>;
  /** Of the whole host, so there is nothing in it to hide. */
  readonly episode: BurnEpisode | null;
}

/** As the last round saw it. Empty where no project has an objective, or nobody tells of requests. */
export function hostSlos(deps: AnswerDeps): HostSlo[] {
  return (deps.state().latest?.burns ?? []).map(({ project, host, burn, episode }) => ({
    project,
    host,
    slo: publish({ shape: 'slo', burn, spent: null }, policyOf(deps, project)),
    episode,
  }));
}

/** `99.9 % over 30 days` */
export const objectiveWords = ({ objective, window_days: days }: PublishedSlo): string =>
  `${Number((objective * 100).toPrecision(6))} % over ${days} days`;

/** What its clients' failures mean for an objective, in sentences; none where too few failed to say. */
export function burnWords(slo: PublishedSlo): string[] {
  const { burn_1h: hour, budget_spent: spent } = slo;
  if (hour === null) return [];
  const used =
    spent === null || spent < 0.001
      ? ''
      : ` This spike has used up ${Number((spent * 100).toPrecision(1))} % of what may fail in that time.`;
  return [`Clients fail ${hour} times as often in the last hour as the objective of ${objectiveWords(slo)} allows.${used}`];
}
