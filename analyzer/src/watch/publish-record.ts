import { DEFAULT_K } from '../publish/count.js';
import { publish } from '../publish/publish.js';
import type { Published, PublishedSpike } from '../publish/shapes.js';
import type { WatchedProject } from './settings.js';
import { phaseOf } from './spike-record.js';
import type { SpikeRecord } from './spike-record.js';

/** A stored spike as it may be said. @param project - Its project; undefined as one with nothing configured. */
export function publishRecord(record: SpikeRecord, project: WatchedProject | undefined): Published<PublishedSpike> {
  const { document, life, endedMs, state } = record;
  const raw = {
    shape: 'spike',
    id: record.id,
    project: record.project,
    host: record.host,
    kind: record.kind,
    state,
    phase: phaseOf(record),
    startedMs: record.startedMs,
    endedMs,
    foundMs: document.foundMs,
    reopened: life.reopened,
    mergedInto: life.mergedInto,
    type: document.type,
    failingClients: document.failingClients,
    expectedClients: document.expectedClients,
    expectedWhole: document.expectedWhole,
    affected: document.affected,
    foundIn: document.foundIn,
    peakClients: document.peakClients,
    failedRequests: document.failedRequests,
    lostRequests: document.lostRequests,
    pValue: document.pValue,
    byKind: document.byKind,
    places: document.places,
    placeReason: document.placeReason,
    unexplained: document.unexplained,
    networksFailing: document.networksFailing,
    verdict: document.verdict,
    slo: document.slo,
    allUsers: document.allUsers,
    severity: life.severity,
    cost: project?.loss,
  } as const;
  return publish(raw, { k: project?.k ?? DEFAULT_K });
}
