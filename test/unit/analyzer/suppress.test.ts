/** What is withheld so that no small number can be worked out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { revealingCountries, suppress } from '../../../analyzer/src/publish/suppress.js';

const cells = (list: Record<string, number>) => Object.entries(list).map(([value, clients]) => ({ value, clients }));

describe('suppress', () => {
  it('folds small cells and says their sum when it is large enough', () => {
    const result = suppress(cells({ a: 40, b: 6, c: 5, d: 20 }), 10);
    expect(result.shown.map((c) => c.value)).toEqual(['a', 'd']);
    expect(result.hidden).toEqual({ cells: 2, clients: 11 });
    expect(result.total).toBe(71);
  });

  it('hides a second cell when a single hidden one could be computed from the total', () => {
    const result = suppress(cells({ a: 40, b: 12, c: 3 }), 10);
    expect(result.shown.map((c) => c.value)).toEqual(['a']);
    expect(result.hidden).toEqual({ cells: 2, clients: 15 });
  });

  it('hides a second cell beside one that must stay hidden for its own sake, however large', () => {
    const result = suppress(cells({ DE: 43, FR: 22, US: 11 }), 10, new Set(['DE']));
    expect(result.shown.map((c) => c.value)).toEqual(['FR']);
    expect(result.hidden).toEqual({ cells: 2, clients: 54 });
  });

  it('keeps the last large cell and withholds the total instead', () => {
    const result = suppress(cells({ a: 40, b: 3 }), 10);
    expect(result.shown.map((c) => c.value)).toEqual(['a']);
    expect(result.hidden.clients).toBeNull();
    expect(result.total).toBeNull();
  });

  it('never shows a cell below k, nor a total that leaves fewer than two cells or k clients hidden', () => {
    const cell = fc.record({ value: fc.string({ minLength: 1, maxLength: 3 }), clients: fc.nat(60) });
    fc.assert(
      fc.property(fc.uniqueArray(cell, { selector: (c) => c.value, maxLength: 12 }), fc.integer({ min: 2, max: 20 }), (list, k) => {
        const { shown, hidden, total } = suppress(list, k);
        const rest = list.filter((c) => c.clients > 0 && !shown.some((s) => s.value === c.value));
        const sum = rest.reduce((s, c) => s + c.clients, 0);
        expect(shown.every((c) => c.clients >= k)).toBe(true);
        expect(hidden.cells).toBe(rest.length);
        const tells = total !== null || hidden.clients !== null;
        if (tells && rest.length > 0) expect(rest.length >= 2 && sum >= k).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('hides a country whose total would tell its one hidden network', () => {
    const networks = cells({ 'AS1/DE': 30, 'AS2/DE': 4, 'AS3/FR': 20, 'AS4/US': 3 });
    expect([...revealingCountries(networks, suppress(networks, 2).shown, 2)]).toEqual([]);
    expect([...revealingCountries(networks, cells({ 'AS1/DE': 30, 'AS3/FR': 20 }), 10)]).toEqual(['DE']);
  });
});
