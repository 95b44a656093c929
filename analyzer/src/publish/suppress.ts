/**
 * Which cells of one breakdown may be shown, such that no hidden one can be computed from the total.
 *
 * Primary: a cell with fewer than k clients is hidden. Complementary: the hidden cells together must be at least two and have at least k
 * clients, else the smallest shown cell is hidden with them, and so on down to one shown cell; if that does not help either, the total
 * is withheld. Source: the usual rule of statistical offices (dominance aside).
 */

export interface Cell {
  readonly value: string;
  /** Distinct signers of one UTC day in the window. */
  readonly clients: number;
}

export interface Suppressed {
  readonly shown: readonly Cell[];
  /** The hidden cells together: how many, and their clients; `clients` is null where even the sum may not be said. */
  readonly hidden: { readonly cells: number; readonly clients: number | null };
  /** Clients of all cells, or null where the total would tell the hidden ones. */
  readonly total: number | null;
}

/**
 * @param cells - One per value. @param k - Least clients of a shown cell, >= 2.
 * @param never - Values that must be hidden whatever their size, because showing them would give away a cell of another breakdown.
 * @returns Shown cells, largest first. Pure; never throws.
 */
export function suppress(cells: readonly Cell[], k: number, never: ReadonlySet<string> = new Set()): Suppressed {
  const present = cells.filter((c) => c.clients > 0).sort((a, b) => b.clients - a.clients || a.value.localeCompare(b.value));
  const shown = present.filter((c) => c.clients >= k && !never.has(c.value));
  const hidden = present.filter((c) => !shown.includes(c));
  const sayable = (): boolean => hidden.length === 0 || mayBeSummed(hidden, k);
  while (!sayable() && shown.length > 1) {
    const smallest = shown.pop();
    if (smallest !== undefined) hidden.push(smallest);
  }
  return {
    shown,
    hidden: { cells: hidden.length, clients: sayable() ? sum(hidden) : null },
    total: sayable() && shown.length > 0 ? sum(present) : null,
  };
}

const sum = (of: readonly Cell[]): number => of.reduce((s, c) => s + c.clients, 0);

/** Whether hidden cells may be told together: two or more that have k clients, so that none of them can be told from the sum. */
const mayBeSummed = (hidden: readonly Cell[], k: number): boolean => hidden.length >= 2 && sum(hidden) >= k;

/**
 * The same of what a shown place holds beside shown parts of it, whose cells are not known one by one: from k clients on it is two hidden cells or more,
 * since each of them has fewer, or holds a cell that may be shown itself.
 *
 * @param whole - Clients of the place. @param parts - Clients of the parts shown.
 */
export function restMayBeTold(whole: number, parts: readonly number[], k: number): boolean {
  return whole - parts.reduce((s, n) => s + n, 0) >= k;
}

/**
 * Countries that must stay hidden because their sum, less their shown networks, would tell the clients of the hidden networks.
 *
 * @param networks - Cells such as `AS3320/DE`. @param shown - Those that are shown. @param k - As above.
 */
export function revealingCountries(networks: readonly Cell[], shown: readonly Cell[], k: number): Set<string> {
  const countryOf = (network: string): string => network.slice(network.lastIndexOf('/') + 1);
  const visible = new Set(shown.map((c) => c.value));
  const hidden = new Map<string, Cell[]>();
  for (const cell of networks) {
    if (cell.clients <= 0 || visible.has(cell.value)) continue;
    hidden.set(countryOf(cell.value), [...(hidden.get(countryOf(cell.value)) ?? []), cell]);
  }
  const shownCountries = new Set(shown.map((c) => countryOf(c.value)));
  const revealing = [...hidden].filter(([country, cells]) => {
    return shownCountries.has(country) && !mayBeSummed(cells, k);
  });
  return new Set(revealing.map(([country]) => country));
}
