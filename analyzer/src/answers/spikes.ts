import type { PublishedSpike } from '../publish/shapes.js';
import { ask } from '../queries/ask.js';
import { storedSpike } from '../queries/stored-spikes.js';
import { publishRecord } from '../watch/publish-record.js';
import { recordOf } from '../watch/spike-record.js';
import type { SpikeRecord } from '../watch/spike-record.js';
import type { AnswerDeps } from './settings.js';
import { sentenceOf } from './sentence.js';

export type SpikeAnswer = PublishedSpike & { readonly sentence: string; readonly url: string };
/** A spike in the list: everything but the details of its verdict. */
export type SpikeSummary = Omit<SpikeAnswer, 'verdict_detail'>;

/** A stored spike as it may be said. */
export function answerOf(record: SpikeRecord, deps: AnswerDeps): SpikeAnswer {
  const said = publishRecord(record, deps.projects[record.project]);
  return { ...said, sentence: sentenceOf(said), url: `/spikes/${record.id}` };
}

/**
 * The spikes that the loop last saw, newest first. From memory, so that the list is there while storage is away.
 */
export function listSpikes(deps: AnswerDeps): SpikeSummary[] {
  return watchedRecords(deps).map((record) => summaryOf(answerOf(record, deps)));
}

/** What alerts are made from: a spike as published, its label, and whether it was ever seen lasting. */
export interface SpikeToTell {
  readonly spike: SpikeAnswer;
  readonly label: string;
  readonly hasLasted: boolean;
}

/** The same with the details of their verdicts, for the alerts. @param records - Default: as the loop last saw them. */
export function spikesToTell(deps: AnswerDeps, records?: readonly SpikeRecord[]): SpikeToTell[] {
  return watchedRecords(deps, records).map((record) => {
    const { label, hasLasted } = record.life;
    return { spike: answerOf(record, deps), label, hasLasted };
  });
}

function watchedRecords(deps: AnswerDeps, records = deps.state().latest?.spikes ?? []): SpikeRecord[] {
  return records.filter((r) => deps.projects[r.project] !== undefined);
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
