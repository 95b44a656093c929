import type { PublishedBreakdown, PublishedNel } from '../publish/shapes.js';
import type { SpikeRecord } from '../watch/spike-record.js';
import { breakdownAnswer } from './breakdown.js';
import { nelAnswer } from './nel.js';
import { seriesAnswer } from './series.js';
import type { SeriesAnswer } from './series.js';
import { answerOf } from './spikes.js';
import type { SpikeAnswer } from './spikes.js';
import type { AnswerDeps } from './settings.js';

const BEFORE_MS = 45 * 60_000;
const AFTER_MS = 15 * 60_000;
const HOUR_MS = 3_600_000;

export interface SpikeDetail extends SpikeAnswer {
  readonly series: SeriesAnswer;
  readonly breakdown: PublishedBreakdown;
  /** What browsers reported by themselves there and then; null when nothing. */
  readonly nel: PublishedNel | null;
}

/** A spike with its series and its breakdown in the ten minutes of the grid where most clients failed. */
export async function spikeDetail(record: SpikeRecord, deps: AnswerDeps): Promise<SpikeDetail> {
  const { project, host, kind, startedMs } = record;
  const endMs = record.endedMs ?? deps.now();
  const { answer, busiestMs } = await seriesAnswer(
    { project, host, kind, fromMs: startedMs - BEFORE_MS, toMs: record.endedMs === null ? endMs : endMs + AFTER_MS },
    deps,
  );
  const breakdown = await breakdownAnswer(
    {
      project,
      host,
      kind,
      size: '10m',
      atMs: Math.max(busiestMs ?? startedMs, startedMs),
      beforeSize: '1h',
      beforeMs: startedMs - HOUR_MS,
    },
    deps,
  );
  const said = answerOf(record, deps);
  const nel = await nelAnswer({ project, host, network: said.network, fromMs: startedMs, toMs: endMs }, deps);
  return { ...said, series: answer, breakdown, nel };
}
