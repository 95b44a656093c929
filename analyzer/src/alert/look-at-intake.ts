/** Looks once a minute whether collectors and panels are heard. What it waits for holds no other alert up: storage may be slow or away. */
import type { AnswerDeps } from '../answers/settings.js';
import { ask, seconds } from '../queries/ask.js';
import { collectorLags, collectorsHeard, HEARD_BIN_S, LAG_BIN_S, panelHeard } from '../queries/intake-health.js';
import type { CollectorLagRow } from '../queries/intake-health.js';
import type { Alert } from './alert.js';
import { HeardCollectors, REMEMBERED_S } from './heard.js';
import { intakeAlerts } from './intake-alerts.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const DAY_S = DAY_MS / 1000;
/** What is stored later than this after it was taken is not heard any more; by then `OutcryIntakeBehind` tells it. */
const AGAIN_S = 3_600;

export interface IntakeLook {
  /** Looks, unless it did so in the last minute or is still at it. Never rejects. */
  refresh(nowMs: number): Promise<void>;
  /** What held at the last look that succeeded; null before the first. */
  alerts(): readonly Alert[] | null;
}

export function makeIntakeLook(deps: Pick<AnswerDeps, 'client' | 'projects'>): IntakeLook {
  const heard = new HeardCollectors();
  const lags = new Map<string, CollectorLagRow>();
  let heardToS = -Infinity;
  let laggedToS = -Infinity;
  let lookedMs = -Infinity;
  let isLooking = false;
  let alerts: readonly Alert[] | null = null;

  /** Days are asked for one by one: what was read stays read when a later one fails. */
  async function hear(nowS: number): Promise<void> {
    heardToS = Math.max(heardToS, nowS - REMEMBERED_S);
    do {
      const from = heardToS - AGAIN_S;
      const to = Math.min(heardToS + DAY_S, nowS + 1);
      heard.learn(await ask(deps.client, collectorsHeard, { from: from - (from % HEARD_BIN_S), to }));
      heardToS = to;
    } while (heardToS < nowS);
    heard.forget(nowS);
  }

  /** A day is enough at the start. What was stored last is kept: where storage takes nothing any more, nothing newer comes. */
  async function lag(nowS: number): Promise<void> {
    const recent = Math.max(laggedToS - LAG_BIN_S, nowS - DAY_S);
    for (const row of await ask(deps.client, collectorLags, { from: recent - DAY_S, recent, to: nowS })) lags.set(row.collector, row);
    laggedToS = nowS;
    for (const { collector, stored } of lags.values()) if (stored < nowS - REMEMBERED_S) lags.delete(collector);
  }

  return {
    alerts: () => alerts,
    async refresh(nowMs) {
      if (isLooking || nowMs - lookedMs < MINUTE_MS) return;
      isLooking = true;
      lookedMs = nowMs;
      try {
        await hear(seconds(nowMs));
        await lag(seconds(nowMs));
        const panels = await ask(deps.client, panelHeard, { from: seconds(nowMs - DAY_MS) });
        const watched = panels.filter(({ project }) => deps.projects[project]?.stage === 'production');
        alerts = intakeAlerts({ collectors: heard.all(), lags: [...lags.values()], panels: watched }, nowMs);
      } catch {
        // Storage is away, which the analyzer says by itself: what was known holds.
      } finally {
        isLooking = false;
      }
    },
  };
}
