/** One stored spike for tests to differ from. */
import { pair } from '../../../analyzer/src/pair/pair.js';
import { newLife } from '../../../analyzer/src/watch/spike-record.js';
import type { SpikeRecord } from '../../../analyzer/src/watch/spike-record.js';

/** When it began. */
export const T = Date.UTC(2026, 0, 5, 14, 20);

export const record = (extra: Partial<SpikeRecord> = {}): SpikeRecord => ({
  id: 'b',
  project: 'shop',
  host: 'a',
  kind: 'dns',
  scope: '',
  state: 'open',
  startedMs: T,
  endedMs: null,
  version: 0,
  life: newLife(T, true),
  document: {
    foundMs: T,
    lastSeenMs: T,
    failingClients: 20,
    expectedClients: 0,
    expectedWhole: 0,
    foundIn: 'host',
    affected: null,
    peakClients: 20,
    clientsInPlace: 20,
    failedRequests: 100,
    pValue: 1e-20,
    type: null,
    byKind: {},
    places: [],
    placeReason: 'everywhere',
    unexplained: 1,
    networksFailing: 4,
    slo: null,
    allUsers: { users: null, reason: 'no_totals' },
    verdict: pair({ kind: 'dns', place: {}, networksFailing: 4, failingClients: 20, expectedClients: 0 }, null),
  },
  ...extra,
});
