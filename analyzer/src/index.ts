/** The analyzer: finds spikes of client-side failures, says where they are, and answers whether it is us. */
export { startAnalyzer, type AnalyzerHandle, type AnalyzerOptions } from './start-analyzer.js';
export type { ExpositionSource, PrometheusSource, PushSource, ServerMetricsSource } from './server-metrics/source.js';
export type { AlertOptions } from './alert/alerting.js';
export type { EmailOptions } from './alert/email.js';
export type { WatchedProject } from './watch/settings.js';
export type { LogEntry } from './watch/watch.js';

export { detect, isLearning } from './detect/detect.js';
export { expect } from './detect/expect.js';
export { DETECT_DEFAULTS, type DetectOptions, type Expectation, type Series, type Spike } from './detect/series.js';
export { localise } from './localise/localise.js';
export type { Cause, Cell, Localisation, LocaliseOptions } from './localise/cell.js';
export { pair } from './pair/pair.js';
export {
  VERDICTS,
  type RequestCounts,
  type ServerEvidence,
  type SpikeEvidence,
  type Verdict,
  type VerdictName,
  type VerdictNumbers,
} from './pair/verdict.js';
export { publish } from './publish/publish.js';
export type * from './publish/shapes.js';
export type { SpikeAnswer, SpikeSummary } from './answers/spikes.js';
export type { SpikeDetail } from './answers/spike-detail.js';

export { backtest, type BacktestResult, type BacktestSpike } from './backtest/backtest.js';
export type { ReplayOptions } from './backtest/replay-options.js';
export { asOf } from './backtest/as-of.js';
export { storedHistory, type StoredSpan } from './backtest/stored-history.js';
export {
  parseRow,
  type AttemptsRow,
  type FailuresRow,
  type HistoryRow,
  type IncidentRow,
  type PlaceRow,
  type ServerRow,
  type WorldRow,
} from './backtest/rows.js';
export { score, type Score, type ScoredSpike } from './backtest/score.js';
export { upperTail } from './detect/tails.js';
