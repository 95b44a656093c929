import { describe, expect, it } from 'vitest';
import { Memory } from '../../../analyzer/src/backtest/memory.js';
import { ask } from '../../../analyzer/src/queries/ask.js';
import { attemptsOfPlace } from '../../../analyzer/src/queries/attempts-of-place.js';

const T = 1_767_571_200;

describe('what a replay remembers', () => {
  it('takes the later word on the requests of the same five minutes for all of them', async () => {
    const memory = new Memory();
    const row = { row: 'attempts', at: T, project: 'shop', host: 'a', failed: 1 } as const;
    memory.take({ ...row, arrived: T + 610, made: 60 });
    memory.take({ ...row, arrived: T + 610, made: 20, network: 'AS1/DE' });
    memory.take({ ...row, at: T + 300, arrived: T + 910, made: 100 });
    memory.take({ ...row, arrived: T + 4_000, made: 90 });
    const asked = { project: 'shop', host: 'a', before: T - 300, from: T, to: T + 600, countries: [], releases: [] };
    expect(await ask(memory.client, attemptsOfPlace, { ...asked, networks: [] })).toMatchObject([{ made: 190, failed: 2 }]);
    expect(await ask(memory.client, attemptsOfPlace, { ...asked, networks: ['AS1/DE'] })).toMatchObject([{ made: 20 }]);
  });
});
