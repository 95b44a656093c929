/** The alerts of the spikes. Pure. */
import { runbookPath } from '../answers/runbook-path.js';
import { phaseWords } from '../answers/sentence.js';
import { burnWords } from '../answers/slo.js';
import type { SpikeToTell } from '../answers/spikes.js';
import type { Alert } from './alert.js';

/** How long after its end a spike is told as resolved: it is closed up to a quarter of an hour after it ended. */
const RESOLVED_FOR_MS = 30 * 60_000;

/**
 * @param spikes - As published, open and recently closed.
 * @returns One alert per open spike, and per one that ended in the last half hour, of those that were ever seen lasting. Labels and severity are of
 * the stored spike, so that every analyzer makes the same, before and after a restart.
 */
export function spikeAlerts(spikes: readonly SpikeToTell[], nowMs: number): Alert[] {
  return spikes.flatMap(({ spike, label, hasLasted }): Alert[] => {
    const endsAtMs = spike.ended_at === null ? null : Date.parse(spike.ended_at);
    // What is found only when it is over concerns nobody at night; the page shows it.
    if (!hasLasted || (endsAtMs !== null && nowMs - endsAtMs > RESOLVED_FOR_MS)) return [];
    const { project, host, kind, severity, verdict_detail: detail, slo } = spike;
    return [
      {
        labels: { alertname: 'OutcrySpike', project, host, kind, place: label, severity },
        summary: spike.sentence,
        details: [
          ...detail.because,
          ...phaseWords(spike),
          ...(slo === null ? [] : burnWords(slo)),
          ...(spike.place_note === null ? [] : [spike.place_note]),
        ],
        path: spike.url,
        runbook: runbookPath(detail.runbook),
        startsAtMs: Date.parse(spike.started_at),
        endsAtMs,
      },
    ];
  });
}
