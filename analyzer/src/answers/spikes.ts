import { publish } from '../publish/publish.js';
import type { Published, PublishedSpike } from '../publish/shapes.js';
import { ask } from '../queries/ask.js';
import { storedSpike } from '../queries/stored-spikes.js';
import { recordOf } from '../watch/spike-record.js';
import type { SpikeRecord } from '../watch/spike-record.js';
import { policyOf } from './settings.js';
import type { AnswerDeps } from './settings.js';
import { sentenceOf } from './sentence.js';

export type SpikeAnswer = PublishedSpike & { readonly sentence: string; readonly url: string };
/** A spike in the list: everything but the details of its verdict. */
export type SpikeSummary = Omit<SpikeAnswer, 'verdict_detail'>;

/** A stored spike as it may be said. */
export function answerOf(record: SpikeRecord, deps: AnswerDeps): SpikeAnswer {
  const { document } = record;
  const said: Published<PublishedSpike> = publish(
    {
      shape: 'spike',
      id: record.id,
      project: record.project,
      host: record.host,
      kind: record.kind,
      state: record.endedMs === null ? 'open' : 'closed',
      startedMs: record.startedMs,
      endedMs: record.endedMs,
      foundMs: document.foundMs,
      type: document.type,
      failingClients: document.failingClients,
      expectedClients: document.expectedClients,
      expectedWhole: document.expectedWhole,
      foundIn: document.foundIn,
      peakClients: document.peakClients,
      failedRequests: document.failedRequests,
      pValue: document.pValue,
      byKind: document.byKind,
      places: document.places,
      placeReason: document.placeReason,
      unexplained: document.unexplained,
      networksFailing: document.networksFailing,
      verdict: document.verdict,
    },
    policyOf(deps, record.project),
  );
  return { ...said, sentence: sentenceOf(said), url: `/spikes/${record.id}` };
}

/**
 * The spikes that the loop last saw, newest first. From memory, so that the list is there while storage is away.
 */
export function listSpikes(deps: AnswerDeps): SpikeSummary[] {
  const records = deps.state().latest?.spikes ?? [];
  return records.filter((r) => deps.projects[r.project] !== undefined).map((r) => summaryOf(answerOf(r, deps)));
}

function summaryOf(answer: SpikeAnswer): SpikeSummary {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- named only to be left out
  const { verdict_detail, ...summary } = answer;
  return summary;
}

/** One spike by id: as the loop last saw it, else from storage. Undefined when there is none, or its project is not watched here. */
export async function findSpike(id: string, deps: AnswerDeps): Promise<SpikeRecord | undefined> {
  const seen = deps.state().latest?.spikes.find((r) => r.id === id);
  const record = seen ?? (await ask(deps.client, storedSpike, { id })).map(recordOf)[0];
  return record !== undefined && deps.projects[record.project] !== undefined ? record : undefined;
}
