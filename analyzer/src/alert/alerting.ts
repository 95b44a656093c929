/** The loop of the alerts, apart from detection: what it waits for holds nobody up. */
import type { LogEntry } from '../watch/watch.js';
import type { AnalyzerMetrics } from '../metrics.js';
import type { AnswerDeps } from '../answers/settings.js';
import { spikesToTell } from '../answers/spikes.js';
import { repeat } from '../watch/repeat.js';
import { alertmanagerSink } from './alertmanager.js';
import { makeDispatch } from './dispatch.js';
import { emailSinks } from './email.js';
import type { EmailOptions } from './email.js';
import { hostSlos } from '../answers/slo.js';
import type { PagingOptions } from '../watch/severity.js';
import { burnAlerts } from './burn-alerts.js';
import type { ToldBurns } from './burn-alerts.js';
import { makeIntakeLook } from './look-at-intake.js';
import { makeSpikeLook } from './look-at-spikes.js';
import { isSeeing, selfAlerts } from './self-alerts.js';
import { spikeAlerts } from './spike-alerts.js';
import { toldIn } from './told.js';
import { slackSink, webhookSink } from './webhooks.js';

export interface AlertOptions extends Partial<PagingOptions> {
  /** Where people reach the pages; default: the analyzer's own address. */
  readonly publicUrl?: string;
  /** Base URLs of Alertmanagers; each is told by itself. */
  readonly alertmanagerUrls?: readonly string[];
  readonly email?: EmailOptions;
  readonly slackUrl?: string;
  readonly webhookUrls?: readonly string[];
  /** Asked for once a minute while detection works (dead man's switch). */
  readonly heartbeatUrl?: string;
  /** Time between two looks, ms; default 10 s. */
  readonly everyMs?: number;
}

const MINUTE_MS = 60_000;
/** What Alertmanager is told holds so long without being told again, as a Prometheus would have it. */
const VALID_MS = 5 * MINUTE_MS;

/** Starts alerting; the result ends it after its running look. */
export function startAlerting(
  options: AlertOptions,
  deps: AnswerDeps,
  { ownUrl, metrics, log }: { readonly ownUrl: string; readonly metrics: AnalyzerMetrics; readonly log: (entry: LogEntry) => void },
): { stop(): Promise<void> } {
  const { everyMs = 10_000, heartbeatUrl } = options;
  const failing = new Set<string>();
  const onTry = (sink: string, outcome: 'ok' | 'failed', error?: unknown): void => {
    metrics.notifications.inc({ sink, outcome });
    if (outcome === 'ok') failing.delete(sink);
    else if (!failing.has(sink)) {
      failing.add(sink);
      // The kind of error only: its text may hold an address with a secret.
      log({ level: 'warn', message: `alerts cannot be told to ${sink}: ${error instanceof Error ? error.name : 'unknown'}; trying again` });
    }
  };
  const dispatch = makeDispatch({
    eventSinks: [
      ...(options.email === undefined ? [] : emailSinks(options.email)),
      ...(options.slackUrl === undefined ? [] : [slackSink(options.slackUrl)]),
      ...(options.webhookUrls ?? []).map(webhookSink),
    ],
    stateSinks: (options.alertmanagerUrls ?? []).map(alertmanagerSink),
    told: toldIn(deps.client),
    publicUrl: options.publicUrl ?? ownUrl,
    now: deps.now,
    onTry,
  });
  const startedMs = deps.now();
  const toldBurns: ToldBurns = new Map();
  const intake = makeIntakeLook(deps);
  const seen = makeSpikeLook(deps);
  let beatAtMs = -Infinity;

  async function beat(nowMs: number): Promise<void> {
    if (heartbeatUrl === undefined || !isSeeing(deps.state()) || nowMs - beatAtMs < MINUTE_MS) return;
    beatAtMs = nowMs;
    try {
      const answer = await fetch(heartbeatUrl, { signal: AbortSignal.timeout(10_000), redirect: 'error' });
      await answer.body?.cancel();
      onTry('heartbeat', answer.ok ? 'ok' : 'failed', new Error('status'));
    } catch (error) {
      onTry('heartbeat', 'failed', error);
    }
  }

  const stopping = new AbortController();
  const look = (): void => {
    const nowMs = deps.now();
    void intake.refresh(nowMs);
    void seen.refresh(nowMs);
    const { records, asOfMs } = seen.known();
    const spikes = spikesToTell(deps, records);
    const alerts = [
      ...spikeAlerts(spikes, nowMs).map((alert) => ({ ...alert, asOfMs })),
      ...burnAlerts(hostSlos(deps), spikes, toldBurns, nowMs).map((alert) => ({ ...alert, asOfMs: deps.state().latestMs ?? nowMs })),
      ...(intake.alerts() ?? []),
      ...selfAlerts(deps.state(), startedMs, nowMs),
    ];
    void beat(nowMs);
    const isWhole = isSeeing(deps.state()) && intake.alerts() !== null;
    void dispatch.run(alerts, Math.max(4 * everyMs, VALID_MS), isWhole);
  };
  const running = repeat(
    () =>
      Promise.resolve()
        .then(look)
        .catch(() => log({ level: 'warn', message: 'alerts could not be made' })),
    everyMs,
    stopping.signal,
  );
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
