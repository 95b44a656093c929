import { describe, expect, it } from 'vitest';
import { codeOf, isDataError } from '../../../collector/src/drain/classify.js';
import { insertOrBisect, SchemaSuspected } from '../../../collector/src/drain/insert-rows.js';

const dataError = Object.assign(new Error('quotes a row'), { code: '27' });
const rows = Array.from({ length: 100 }, (_, index) => index);

/** Storage that refuses any part holding one of these rows, whole. */
function storage(poison: readonly number[]) {
  const taken: number[] = [];
  const tokens: string[] = [];
  const insert = (part: readonly number[], token: string): Promise<void> => {
    tokens.push(token);
    if (part.some((row) => poison.includes(row))) return Promise.reject(dataError);
    taken.push(...part);
    return Promise.resolve();
  };
  return { insert, taken, tokens };
}

describe('insertOrBisect', () => {
  it('inserts in one go when nothing is wrong', async () => {
    const { insert, taken, tokens } = storage([]);
    expect(await insertOrBisect(insert, rows, 'j:1:reports')).toEqual([]);
    expect(taken).toEqual(rows);
    expect(tokens).toEqual(['j:1:reports']);
  });

  it('finds exactly the rows that storage refuses and inserts every other once, under tokens that repeat', async () => {
    const first = storage([0, 41, 42, 99]);
    const second = storage([0, 41, 42, 99]);
    expect(await insertOrBisect(first.insert, rows, 't')).toEqual([0, 41, 42, 99]);
    await insertOrBisect(second.insert, rows, 't');
    expect(first.taken).toEqual(rows.filter((row) => ![0, 41, 42, 99].includes(row)));
    expect(new Set(first.tokens).size).toBe(first.tokens.length);
    expect(second.tokens).toEqual(first.tokens);
  });

  it('puts nothing aside when every row is refused: that is the schema', async () => {
    await expect(insertOrBisect(storage(rows).insert, rows, 't')).rejects.toBeInstanceOf(SchemaSuspected);
  });

  it('gives up a single refused row', async () => expect(await insertOrBisect(storage([0]).insert, [0], 't')).toEqual([0]));

  it('passes every other error on', async () => {
    const away = Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
    await expect(insertOrBisect(() => Promise.reject(away), rows, 't')).rejects.toBe(away);
  });

  it('does nothing without rows', async () => expect(await insertOrBisect(() => Promise.reject(dataError), [], 't')).toEqual([]));
});

describe('isDataError', () => {
  it('tells errors of the data from those that pass', () => {
    expect(['6', '27', '72', '117'].every((code) => isDataError({ code }))).toBe(true);
    expect(['60', '202', '241', '242', '252', 'ECONNREFUSED', 'ETIMEDOUT'].some((code) => isDataError({ code }))).toBe(false);
    expect([undefined, null, 'x', new Error('27')].some(isDataError)).toBe(false);
  });

  it('never shows a message', () => expect(codeOf(new Error('row content'))).toBe('unknown'));
});
