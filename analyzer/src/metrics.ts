import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface AnalyzerMetrics {
  readonly registry: Registry;
  readonly rounds: Counter<'outcome'>;
  readonly roundSeconds: Histogram;
  readonly storageUp: Gauge;
  readonly spikesOpen: Gauge;
  readonly seriesTested: Gauge;
  readonly scrapes: Counter<'outcome'>;
  readonly answers: Counter<'route' | 'status'>;
  readonly pushedSamples: Counter<'outcome'>;
  readonly notifications: Counter<'sink' | 'outcome'>;
}

/** The analyzer's own metrics, in a registry of their own. */
export function createMetrics(): AnalyzerMetrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    rounds: new Counter({
      name: 'outcry_analyzer_rounds_total',
      help: 'Rounds of detection, by outcome.',
      labelNames: ['outcome'],
      registers,
    }),
    roundSeconds: new Histogram({
      name: 'outcry_analyzer_round_seconds',
      help: 'How long a round of detection takes.',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    storageUp: new Gauge({ name: 'outcry_storage_up', help: '1 while storage answers, else 0.', registers }),
    spikesOpen: new Gauge({ name: 'outcry_spikes_open', help: 'Spikes that are open.', registers }),
    seriesTested: new Gauge({ name: 'outcry_series_tested', help: 'Series that share the budget of false alarms.', registers }),
    scrapes: new Counter({
      name: 'outcry_server_scrapes_total',
      help: 'Pulls of server metrics, by outcome.',
      labelNames: ['outcome'],
      registers,
    }),
    pushedSamples: new Counter({
      name: 'outcry_server_samples_pushed_total',
      help: 'Samples of server metrics that were pushed, by outcome: stored, of no source here, or not usable.',
      labelNames: ['outcome'],
      registers,
    }),
    notifications: new Counter({
      name: 'outcry_notifications_total',
      help: 'Tries to tell somebody of an alert, by sink and outcome.',
      labelNames: ['sink', 'outcome'],
      registers,
    }),
    answers: new Counter({
      name: 'outcry_analyzer_answers_total',
      help: 'HTTP answers, by route and status.',
      labelNames: ['route', 'status'],
      registers,
    }),
  };
}
