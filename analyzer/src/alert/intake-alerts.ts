/** Alerts about ears that may have gone deaf: silence is data too. Pure. */
import { LAG_BIN_S } from '../queries/intake-health.js';
import type { CollectorLagRow, PanelHeardRow } from '../queries/intake-health.js';
import type { Alert } from './alert.js';
import type { HeardCollector } from './heard.js';

/** A collector of which nothing came for so long, while others were heard, is silent. */
const SILENT_S = 15 * 60;
/**
 * Rows that others took in fifteen minutes since; fewer may be chance. What has begun stays, however quiet the night: only the collector itself
 * can say that it is back.
 */
const LEAST_OF_OTHERS = 20;
/** Agents tell of their requests every five minutes; three times that is silence. */
const PANEL_SILENT_S = 20 * 60;
/** Rows that waited so long are late. As with silence: only rows that did not can say that it is over. */
const BEHIND_S = 120;

/** `15 minutes`, and from two hours on `2 hours`, from two days on `2 days`. */
function duration(s: number): string {
  if (s < 2 * 3_600) return `${Math.round(s / 60)} minutes`;
  return s < 2 * 86_400 ? `${Math.round(s / 3_600)} hours` : `${Math.round(s / 86_400)} days`;
}

export interface Intake {
  /** All that were heard in the last seven days. */
  readonly collectors: readonly HeardCollector[];
  /** Of what was stored last of each in the last seven days. */
  readonly lags: readonly CollectorLagRow[];
  /** Of the last 24 hours, production projects only. */
  readonly panels: readonly PanelHeardRow[];
}

/** @returns The alerts that hold now. */
export function intakeAlerts({ collectors, lags, panels }: Intake, nowMs: number): Alert[] {
  const nowS = nowMs / 1000;
  const alert = (labels: Alert['labels'], sinceS: number, summary: string, details: string[]): Alert => ({
    labels,
    summary,
    details,
    path: null,
    startsAtMs: sinceS * 1000,
    endsAtMs: null,
    asOfMs: nowMs,
  });
  const silent = collectors.flatMap(({ collector, last, mostSince }) => {
    if (nowS - last < SILENT_S || mostSince < LEAST_OF_OTHERS) return [];
    return alert(
      { alertname: 'OutcryCollectorSilent', collector, severity: 'page' },
      last,
      `Nothing has come through collector ${collector} for ${duration(nowS - last)}, while others were heard.`,
      ['Look at its process, certificate, name and network; agents use the other collectors meanwhile.'],
    );
  });
  const behind = lags.flatMap(({ collector, lag_s: lagS, stored }) => {
    if (lagS < BEHIND_S) return [];
    const quietS = nowS - stored;
    return alert(
      { alertname: 'OutcryIntakeBehind', collector, severity: 'notice' },
      stored - lagS,
      quietS < LAG_BIN_S
        ? `Reports wait about ${duration(lagS)} in collector ${collector} until they are stored.`
        : `Nothing of collector ${collector} was stored for ${duration(quietS)}; what was stored last had waited about ${duration(lagS)}.`,
      [
        'Nothing is lost while its journal has room. Look at the load of storage, whether it takes inserts, and at outcry_journal_entries of the collector.',
      ],
    );
  });
  const deaf = panels.flatMap(({ project, last }) =>
    nowS - last < PANEL_SILENT_S
      ? []
      : alert(
          { alertname: 'OutcryPanelSilent', project, severity: 'notice' },
          last,
          `No client of ${project} has told of its requests for ${duration(nowS - last)}.`,
          ['Either nobody uses the app, or no collector can be reached, or the last release no longer starts the agent.'],
        ),
  );
  return [...silent, ...behind, ...deaf];
}
