import type { ClickHouseClient } from '@outcry/storage';
import { describe, expect, it } from 'vitest';
import { makeSpikeLook } from '../../../analyzer/src/alert/look-at-spikes.js';
import type { RoundResult } from '../../../analyzer/src/watch/round.js';
import { rowOf } from '../../../analyzer/src/watch/spike-record.js';
import type { SpikeRecord } from '../../../analyzer/src/watch/spike-record.js';
import type { WatchState } from '../../../analyzer/src/watch/watch.js';
import { record, T } from './sample-record.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const CLOSED = record({ state: 'closed', endedMs: T + 2 * MINUTE });

/** An analyzer whose last round ended at `latestMs`, beside a storage that others write to. */
function place(latestMs: number | null) {
  const seen: { state: WatchState } = {
    state: {
      latest: latestMs === null ? null : ({ spikes: [record()] } as unknown as RoundResult),
      latestMs,
      degraded: null,
      scrapeErrors: new Map(),
    },
  };
  const storage: { answer: () => Promise<readonly SpikeRecord[]>; asked: number } = { answer: () => Promise.resolve([CLOSED]), asked: 0 };
  const client = {
    query: async () => {
      storage.asked++;
      const rows = (await storage.answer()).map((r) => rowOf(r, T));
      return { json: () => Promise.resolve(rows) };
    },
  };
  const look = makeSpikeLook({ client: client as unknown as ClickHouseClient, state: () => seen.state });
  return { look, seen, storage, states: () => look.known().records.map(({ state }) => state) };
}

describe('the spikes that alerts tell of', () => {
  it('are those of the last round, without a question, while rounds go on', async () => {
    const { look, storage, states } = place(T + 10 * MINUTE);
    await look.refresh(T + 10 * MINUTE + 20 * SECOND);
    expect([states(), look.known().asOfMs, storage.asked]).toEqual([['open'], T + 10 * MINUTE, 0]);
  });

  it('are those of storage, where another analyzer closed one while rounds do not go on here, and of the rounds when they do again', async () => {
    const { look, seen, storage, states } = place(T);
    await look.refresh(T + 3 * MINUTE);
    expect([states(), look.known().asOfMs]).toEqual([['closed'], T + 3 * MINUTE]);
    storage.answer = () => Promise.reject(new Error('away'));
    await look.refresh(T + 4 * MINUTE);
    expect(states()).toEqual(['closed']);
    seen.state = { ...seen.state, latestMs: T + 5 * MINUTE };
    expect(states()).toEqual(['open']);
  });

  it('stay as they were last seen while storage does not answer, which is asked once at a time', async () => {
    const { look, storage, states } = place(T);
    storage.answer = () => new Promise(() => undefined);
    void look.refresh(T + 3 * MINUTE);
    await look.refresh(T + 4 * MINUTE);
    expect([states(), storage.asked]).toEqual([['open'], 1]);
  });

  it('are those of storage after a start as well, once it is clear that no round succeeds', async () => {
    const { look, seen, states } = place(null);
    await look.refresh(T + MINUTE);
    expect(states()).toEqual([]);
    seen.state = { ...seen.state, degraded: { code: 'internal_error', sinceMs: T } };
    await look.refresh(T + 3 * MINUTE);
    expect(states()).toEqual(['closed']);
  });
});
