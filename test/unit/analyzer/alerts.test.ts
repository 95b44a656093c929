import { describe, expect, it } from 'vitest';
import type { SpikeAnswer } from '@outcry/analyzer';
import type { SpikeToTell } from '../../../analyzer/src/answers/spikes.js';
import { alertKey, mergeAlerts } from '../../../analyzer/src/alert/alert.js';
import { burnAlerts } from '../../../analyzer/src/alert/burn-alerts.js';
import type { ToldBurns } from '../../../analyzer/src/alert/burn-alerts.js';
import type { HostSlo } from '../../../analyzer/src/answers/slo.js';
import { PAGING_DEFAULTS, severityOf } from '../../../analyzer/src/watch/severity.js';
import { spikeAlerts } from '../../../analyzer/src/alert/spike-alerts.js';
import { alert, NOW, page } from './sample-alert.js';

const spike = (extra: Partial<SpikeAnswer> = {}, told: Partial<SpikeToTell> = {}): SpikeToTell => ({
  spike: {
    id: '00000000000000aa',
    project: 'shop',
    host: 'api.shop.example',
    kind: 'timeout',
    places: [{ where: { network: 'AS3320/DE' }, clients: 30, clients_text: 'about 30', explained: 0.9 }],
    place_note: null,
    started_at: new Date(NOW - 60_000).toISOString(),
    phase: 'open',
    severity: 'notice',
    slo: null,
    quiet_since: null,
    reopened: 0,
    ended_at: null,
    failing_clients: 30,
    verdict: 'outside',
    uncorroborated: false,
    verdict_detail: { because: ['The failures lie in one network.'], runbook: 'runbooks/outside.md', would_change: [], numbers: {} },
    sentence: 'About 30 clients get no answer in time.',
    url: '/spikes/00000000000000aa',
    ...extra,
  } as unknown as SpikeAnswer,
  label: 'network=AS3320/DE',
  hasLasted: true,
  ...told,
});

describe('alerts of spikes', () => {
  it('carry the stored severity and label, whatever is known of the place by now', () => {
    const [alert] = spikeAlerts([spike({ severity: 'page', places: [] })], NOW);
    expect(alert?.labels).toEqual({
      alertname: 'OutcrySpike',
      project: 'shop',
      host: 'api.shop.example',
      kind: 'timeout',
      place: 'network=AS3320/DE',
      severity: 'page',
    });
  });

  it('say where the spike stands', () => {
    const details = (extra: Partial<SpikeAnswer>): readonly string[] => spikeAlerts([spike(extra)], NOW)[0]?.details ?? [];
    expect(details({ phase: 'growing' })).toContain('The number of failing clients is rising.');
    expect(details({ phase: 'recovering', quiet_since: new Date(NOW).toISOString() })[1]).toMatch(/^It is quiet/);
    expect(details({ phase: 'reopened', reopened: 1 })).toContain('It had been over and came back.');
  });

  it('are told as over for half an hour, after a restart too, and not at all for what was found when it was over', () => {
    const ended = { ended_at: new Date(NOW).toISOString() };
    expect(spikeAlerts([spike(ended, { hasLasted: false })], NOW)).toEqual([]);
    expect(spikeAlerts([spike({}, { hasLasted: false })], NOW)).toEqual([]);
    expect(spikeAlerts([spike(ended)], NOW + 60_000)[0]?.endsAtMs).toBe(NOW);
    expect(spikeAlerts([spike(ended)], NOW + 31 * 60_000)).toEqual([]);
  });
});

describe('the severity of a spike', () => {
  const slo = (severity: 'page' | 'notice' | null) => ({ severity }) as SpikeAnswer['slo'];
  const said = (extra: object) => ({ verdict: 'outside', uncorroborated: false, failing_clients: 12, slo: null, ...extra }) as const;

  it('is a page from a number of failing clients on, or where the budget burns fast, and not for what is local or uncorroborated', () => {
    const severity = (extra: object): string => severityOf(said(extra), undefined, PAGING_DEFAULTS);
    expect(severity({})).toBe('notice');
    expect(severity({ failing_clients: 20 })).toBe('page');
    expect(severity({ failing_clients: null })).toBe('notice');
    expect(severity({ slo: slo('page') })).toBe('page');
    expect(severity({ slo: slo('notice') })).toBe('notice');
    expect(severity({ failing_clients: 200, slo: slo('page'), verdict: 'local' })).toBe('notice');
    expect(severity({ failing_clients: 200, uncorroborated: true })).toBe('notice');
    expect(
      severityOf(said({ failing_clients: 200, uncorroborated: true }), undefined, { ...PAGING_DEFAULTS, pageUncorroborated: true }),
    ).toBe('page');
  });

  it('rises and never falls while the spike is open', () => {
    expect(severityOf(said({ failing_clients: 3 }), 'page', PAGING_DEFAULTS)).toBe('page');
    expect(severityOf(said({ failing_clients: 30 }), 'notice', PAGING_DEFAULTS)).toBe('page');
  });
});

describe('alerts of burning budgets', () => {
  const host = (severity: 'page' | 'notice' | null, sinceMs = NOW): HostSlo => ({
    project: 'shop',
    host: 'api.shop.example',
    slo: { objective: 0.999, window_days: 30, burn_1h: 20, burn_6h: 3, burn_3d: 0.5, severity, budget_spent: null },
    episode: severity === null ? null : { sinceMs, severity },
  });

  it('tell what no spike tells, keep the gravest severity and the earliest start, and end when the budget lasts', () => {
    const told: ToldBurns = new Map();
    const [first] = burnAlerts([host('page')], [], told, NOW + 60_000);
    expect(first).toMatchObject({ labels: { alertname: 'OutcryBudgetBurn', severity: 'page' }, startsAtMs: NOW, endsAtMs: null });
    expect(first?.details[0]).toBe('Clients fail 20 times as often in the last hour as the objective of 99.9 % over 30 days allows.');
    // A spike that is found now does not end it, and requests that are told of late make it no smaller.
    expect(burnAlerts([host('notice', NOW + 30_000)], [spike()], told, NOW + 60_000)).toEqual([first]);
    expect(burnAlerts([host(null)], [], told, NOW)).toEqual([]);
    expect(told.size).toBe(0);
  });

  it('go on through a short pause, in which no rule holds, and after a restart in it', () => {
    const paused = { ...host('page'), slo: { ...host('page').slo, severity: null } };
    expect(burnAlerts([paused], [], new Map(), NOW)).toMatchObject([{ labels: { severity: 'page' }, startsAtMs: NOW, endsAtMs: null }]);
  });

  it('are silent while a spike of the host says it, and for an hour after', () => {
    const over = { ended_at: new Date(NOW).toISOString() };
    expect(burnAlerts([host('page')], [spike()], new Map(), NOW)).toEqual([]);
    expect(burnAlerts([host('page')], [spike(over)], new Map(), NOW + 59 * 60_000)).toEqual([]);
    expect(burnAlerts([host('page')], [spike(over)], new Map(), NOW + 61 * 60_000)).toHaveLength(1);
    expect(burnAlerts([host('page')], [spike({ host: 'other' })], new Map(), NOW)).toHaveLength(1);
  });
});

describe('the identity of an alert', () => {
  it('is its labels but the severity, in any order', () => {
    expect(alertKey(alert())).toBe(alertKey(page()));
    expect(alertKey({ labels: { severity: 'page', project: 'shop', alertname: 'OutcrySpike' } })).toBe(alertKey(alert()));
    expect(alertKey({ labels: { severity: 'page', project: 'app', alertname: 'OutcrySpike' } })).not.toBe(alertKey(alert()));
  });

  it('merges alerts of one identity: what holds wins, and the earliest start counts', () => {
    const merged = [...mergeAlerts([alert({ endsAtMs: NOW, startsAtMs: 1 }), page()]).values()];
    expect(merged).toEqual([page({ startsAtMs: 1 })]);
  });
});
