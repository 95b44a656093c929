/** One alert for tests to differ from. */
import type { Alert } from '../../../analyzer/src/alert/alert.js';

export const NOW = Date.UTC(2026, 0, 5, 14, 30);

export const alert = (extra: Partial<Alert> = {}): Alert => ({
  labels: { alertname: 'OutcrySpike', project: 'shop', severity: 'notice' },
  summary: 'Something fails.',
  details: [],
  path: '/spikes/1',
  startsAtMs: NOW,
  endsAtMs: null,
  ...extra,
});
export const page = (extra: Partial<Alert> = {}): Alert =>
  alert({ labels: { alertname: 'OutcrySpike', project: 'shop', severity: 'page' }, ...extra });
