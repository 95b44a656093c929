/** The tables that the analyzer fills. Each row is a version; the latest wins, so they are read with FINAL. */
import { onCluster, type Table, type Target } from './table.js';

const WORD = 'LowCardinality(String)';
const TIME = "DateTime('UTC')";
const WRITTEN_AT = { name: 'written_at', type: "DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta, ZSTD(1))" };

export const SERVER_METRICS: Table = {
  name: 'server_metrics',
  columns: [
    { name: 'time', type: TIME },
    { name: 'project', type: WORD },
    { name: 'host', type: WORD },
    { name: 'name', type: WORD },
    { name: 'value', type: 'Float64 CODEC(Gorilla, ZSTD(1))' },
    WRITTEN_AT,
  ],
  replacing: ['written_at'],
  partitionBy: 'toMonday(time)',
  orderBy: '(project, host, name, time)',
  ttl: 'time + INTERVAL 35 DAY',
  settings: ['ttl_only_drop_parts = 1'],
};

export const SPIKES: Table = {
  name: 'spikes',
  columns: [
    { name: 'spike_id', type: 'String' },
    { name: 'project', type: WORD },
    { name: 'host', type: WORD },
    { name: 'kind', type: WORD },
    { name: 'scope', type: 'String' },
    { name: 'state', type: WORD },
    { name: 'started_at', type: TIME },
    { name: 'ended_at', type: TIME },
    { name: 'document', type: 'String' },
    { name: 'version', type: 'UInt64 CODEC(ZSTD(1))' },
  ],
  replacing: ['version'],
  // No partition: start and end are versions too, and versions of one id have to meet.
  orderBy: '(project, spike_id)',
  ttl: 'started_at + INTERVAL 400 DAY',
};

export const MARKERS: Table = {
  name: 'markers',
  columns: [
    { name: 'marker_id', type: 'String' },
    { name: 'project', type: WORD },
    { name: 'host', type: WORD },
    { name: 'time', type: TIME },
    { name: 'kind', type: WORD },
    { name: 'title', type: 'String' },
    { name: 'release', type: WORD },
    WRITTEN_AT,
  ],
  replacing: ['written_at'],
  orderBy: '(project, marker_id)',
  ttl: 'time + INTERVAL 400 DAY',
};

/** Which alert was told to whom; the latest status wins. */
export const NOTIFICATIONS: Table = {
  name: 'notifications',
  columns: [
    { name: 'alert', type: 'String' },
    { name: 'sink', type: WORD },
    { name: 'status', type: WORD },
    { name: 'time', type: TIME },
    WRITTEN_AT,
  ],
  replacing: ['written_at'],
  orderBy: '(alert, sink)',
  ttl: 'time + INTERVAL 35 DAY',
};

/** Gives the notifications the alert itself, as it was last told or known to hold: its end can then be told by whoever starts later. */
export function addDocument(target: Target): string[] {
  return [`ALTER TABLE ${NOTIFICATIONS.name}${onCluster(target)} ADD COLUMN IF NOT EXISTS document String CODEC(ZSTD(1)) AFTER status`];
}
