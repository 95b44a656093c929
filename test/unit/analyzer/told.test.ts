import { describe, expect, it } from 'vitest';
import type { ClickHouseClient } from '@outcry/storage';
import type { Alert } from '../../../analyzer/src/alert/alert.js';
import { alertOf, documentOf } from '../../../analyzer/src/alert/stored-alert.js';
import { toldIn } from '../../../analyzer/src/alert/told.js';
import { storedNotifications } from './stored-notifications.js';

const NOW = Date.UTC(2026, 0, 5, 14, 30);
const alert: Alert = {
  labels: { alertname: 'OutcrySpike', severity: 'page', project: 'shop', place: 'network=AS1/DE' },
  summary: 'Something fails.',
  details: ['It lies outside.'],
  path: '/spikes/1',
  runbook: '/runbooks/outside',
  startsAtMs: NOW - 60_000,
  endsAtMs: null,
};
const state = { status: 'page', heldMs: NOW, alert } as const;
const over = { status: 'resolved', heldMs: NOW + 60_000, alert: null } as const;
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a stored alert', () => {
  it('comes back as it was while it held, and is null where its document is of another form', () => {
    expect(alertOf(documentOf(alert))).toEqual(alert);
    const { runbook, ...plain } = alert;
    expect(runbook).toBeDefined();
    expect(alertOf(documentOf({ ...plain, endsAtMs: NOW }))).toEqual(plain);
    for (const document of ['', 'no JSON', '{}', documentOf(alert).replace('OutcrySpike', 'OutcryOther')])
      expect(alertOf(document)).toBeNull();
  });
});

describe('what sinks were told', () => {
  it('is known to another process, by sink, with its words until it is over', async () => {
    const stored = storedNotifications();
    const [one, other] = [toldIn(stored.client), toldIn(stored.client)];
    one.remember('a', 'email', state);
    await settle();
    await other.refresh(NOW);
    expect(other.of('a', 'email')).toMatchObject(state);
    expect(other.of('a', 'slack')).toBeUndefined();
    expect([...other.open('email').keys()]).toEqual(['a']);
    other.remember('a', 'email', over);
    await settle();
    await one.refresh(NOW);
    expect([one.of('a', 'email')?.status, one.open('email').size]).toEqual(['resolved', 0]);
    expect(stored.rows.get('a email')?.document).toBe('');
  });

  it('is not undone by an answer that storage gave before it was told', async () => {
    const stored = storedNotifications();
    const before = toldIn(stored.client);
    before.remember('a', 'email', state);
    await settle();
    let answer = (): void => undefined;
    const slow = {
      insert: (batch: never) => stored.client.insert(batch),
      query: async (question: never) => {
        const result = await stored.client.query(question);
        const rows: unknown = await result.json();
        await new Promise<void>((resolve) => (answer = resolve));
        return { json: () => Promise.resolve(rows) };
      },
    };
    const told = toldIn(slow as unknown as ClickHouseClient);
    const reading = told.refresh(NOW);
    await settle();
    told.remember('a', 'email', over);
    answer();
    await reading;
    expect(told.of('a', 'email')?.status).toBe('resolved');
  });

  it('is what this process told, where storage refuses to take it', async () => {
    const stored = storedNotifications();
    const told = toldIn(stored.client);
    told.remember('a', 'email', state);
    await settle();
    stored.mode = 'full';
    told.remember('a', 'email', over);
    await settle();
    await told.refresh(NOW);
    expect(told.of('a', 'email')?.status).toBe('resolved');
  });

  it('is stored when storage is back', async () => {
    const stored = storedNotifications();
    const told = toldIn(stored.client);
    stored.mode = 'away';
    told.remember('a', 'email', state);
    await told.refresh(NOW);
    expect([told.of('a', 'email')?.status, stored.rows.size]).toEqual(['page', 0]);
    stored.mode = 'answers';
    await told.refresh(NOW);
    expect(stored.rows.get('a email')).toMatchObject({ status: 'page', time: NOW / 1000 });
  });
});
