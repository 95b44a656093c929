import { shareInterval } from '../localise/bounds.js';
import { cellCount, rounded } from './count.js';
import type { PublishedBreakdown, PublishedRow, PublishedShare, RawBreakdown } from './shapes.js';
import { revealingCountries, suppress } from './suppress.js';
import type { Cell, Suppressed } from './suppress.js';

const iso = (ms: number): string => new Date(ms).toISOString();

/** A breakdown with small cells folded into one row; shares are of rounded numbers. Only for `publish()`. */
export function publishBreakdown(raw: RawBreakdown, k: number): PublishedBreakdown {
  return {
    window: { size: raw.window.size, start: iso(raw.window.startMs), end: iso(raw.window.endMs) },
    before: { start: iso(raw.before.startMs), end: iso(raw.before.endMs) },
    k,
    dimensions: raw.dimensions.map((dimension) => {
      const inside = suppressed(raw, dimension.name, 'inside', k);
      const before = suppressed(raw, dimension.name, 'before', k);
      const usual = new Map(before.shown.map((c) => [c.value, c.clients]));
      const row = (value: string | null, now: number | null, then: number | null): PublishedRow => {
        const clients = cellCount(now ?? 0, k);
        const earlier = cellCount(then ?? 0, k);
        return {
          value,
          clients: clients.value,
          clients_text: clients.text,
          share: shareOf(clients.value, inside.total),
          before: earlier.value,
          before_text: earlier.text,
          before_share: shareOf(earlier.value, before.total),
        };
      };
      const rows = inside.shown.map((c) => row(c.value, c.clients, usual.get(c.value) ?? null));
      if (inside.hidden.cells > 0) rows.push(row(null, inside.hidden.clients, null));
      // How many values a few clients have would tell how many clients they are.
      const hidden = inside.hidden.cells > 0 && inside.hidden.clients === null ? null : inside.hidden.cells;
      return { name: dimension.name, rows, hidden_cells: hidden, total: inside.total === null ? null : rounded(inside.total) };
    }),
  };
}

function suppressed(raw: RawBreakdown, name: string, side: 'inside' | 'before', k: number): Suppressed {
  const cellsOf = (of: string): readonly Cell[] => raw.dimensions.find((d) => d.name === of)?.[side] ?? [];
  if (name !== 'country') return suppress(cellsOf(name), k);
  const networks = cellsOf('network');
  return suppress(cellsOf('country'), k, revealingCountries(networks, suppress(networks, k).shown, k));
}

function shareOf(part: number | null, total: number | null): PublishedShare | null {
  const whole = total === null ? 0 : Math.max(rounded(total), part ?? 0);
  if (part === null || whole === 0) return null;
  const { low, high } = shareInterval(part, whole);
  const short = (x: number): number => Math.round(x * 1000) / 1000;
  return { share: short(part / whole), low: short(low), high: short(high), sample: whole };
}
