/** Alerts of hosts whose clients use up their objective, for what is no spike: too slow, too weak, or many small ones. Pure. */
import { burnWords, objectiveWords } from '../answers/slo.js';
import type { HostSlo } from '../answers/slo.js';
import type { SpikeToTell } from '../answers/spikes.js';
import type { BurnEpisode } from '../watch/burn-episode.js';
import { alertKey } from './alert.js';
import type { Alert } from './alert.js';

/** While a spike of the host lasts, and so long after, the spike says it. */
const AFTER_SPIKE_MS = 3_600_000;

/** Burning budgets that are told, by alert: the earliest start and the gravest severity that was said, though late requests may say less. */
export type ToldBurns = Map<string, BurnEpisode>;

/** @param told - Entries are added, and dropped when the budget lasts again. */
export function burnAlerts(hosts: readonly HostSlo[], spikes: readonly SpikeToTell[], told: ToldBurns, nowMs: number): Alert[] {
  const current = new Set<string>();
  const alerts = hosts.flatMap(({ project, host, slo, episode }): Alert[] => {
    if (episode === null) return [];
    const identity = { alertname: 'OutcryBudgetBurn', project, host } as const;
    const key = alertKey({ labels: { ...identity, severity: 'none' } });
    const before = told.get(key);
    const isSaid = spikes.some(
      ({ spike, hasLasted }) =>
        hasLasted &&
        spike.project === project &&
        spike.host === host &&
        (spike.ended_at === null || nowMs - Date.parse(spike.ended_at) < AFTER_SPIKE_MS),
    );
    if (before === undefined && isSaid) return [];
    const next: BurnEpisode = {
      sinceMs: Math.min(before?.sinceMs ?? Infinity, episode.sinceMs),
      severity: before?.severity === 'page' ? 'page' : episode.severity,
    };
    current.add(key);
    told.set(key, next);
    return [
      {
        labels: { ...identity, severity: next.severity },
        summary: `Clients of ${project} use up what may fail at ${host} (${objectiveWords(slo)}) faster than it lasts.`,
        details: [...burnWords(slo), 'No single spike tells it: look at the kinds and places that rose over hours or days.'],
        path: '/',
        startsAtMs: next.sinceMs,
        endsAtMs: null,
      },
    ];
  });
  for (const key of told.keys()) if (!current.has(key)) told.delete(key);
  return alerts;
}
