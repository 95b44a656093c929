/** Alerts about ears that may have gone deaf: silence is data too. Pure. */
import type { CollectorHeardRow, PanelHeardRow } from '../queries/intake-health.js';
import type { Alert } from './alert.js';

/** A collector of which nothing came for so long, while others were heard, is silent. */
const SILENT_S = 15 * 60;
/** Rows that others took meanwhile; fewer may be chance. */
const LEAST_OF_OTHERS = 20;
/** Agents tell of their requests every five minutes; three times that is silence. */
const PANEL_SILENT_S = 20 * 60;
const BEHIND_S = 120;

const minutes = (s: number): string => `${Math.round(s / 60)} minutes`;

/**
 * @param collectors - Of the last 24 hours. @param panels - Of the last 24 hours, production projects only. @returns The alerts that hold now.
 */
export function intakeAlerts(collectors: readonly CollectorHeardRow[], panels: readonly PanelHeardRow[], nowMs: number): Alert[] {
  const nowS = nowMs / 1000;
  const alert = (labels: Alert['labels'], sinceS: number, summary: string, details: string[]): Alert => ({
    labels,
    summary,
    details,
    path: null,
    startsAtMs: sinceS * 1000,
    endsAtMs: null,
  });
  const silent = collectors.flatMap(({ collector, last }) => {
    const others = collectors.filter((other) => other.collector !== collector).reduce((sum, { recent }) => sum + recent, 0);
    if (nowS - last < SILENT_S || others < LEAST_OF_OTHERS) return [];
    return alert(
      { alertname: 'OutcryCollectorSilent', collector, severity: 'page' },
      last,
      `Nothing has come through collector ${collector} for ${minutes(nowS - last)}, while others are heard.`,
      ['Look at its process, certificate, name and network; agents use the other collectors meanwhile.'],
    );
  });
  const behind = collectors.flatMap(({ collector, lag_s: lagS }) =>
    lagS < BEHIND_S
      ? []
      : alert(
          { alertname: 'OutcryIntakeBehind', collector, severity: 'notice' },
          nowS - lagS,
          `Reports wait about ${minutes(lagS)} in collector ${collector} until they are stored.`,
          ['Nothing is lost while its journal has room. Look at the load of storage, and at outcry_journal_entries of the collector.'],
        ),
  );
  const deaf = panels.flatMap(({ project, last }) =>
    nowS - last < PANEL_SILENT_S
      ? []
      : alert(
          { alertname: 'OutcryPanelSilent', project, severity: 'notice' },
          last,
          `No client of ${project} has told of its requests for ${minutes(nowS - last)}.`,
          ['Either nobody uses the app, or no collector can be reached, or the last release no longer starts the agent.'],
        ),
  );
  return [...silent, ...behind, ...deaf];
}
