import { cellCount, ROUNDING } from './count.js';
import type { PublishedNel, RawNel } from './shapes.js';
import { suppress } from './suppress.js';

/** What browsers reported by themselves: types with k browsers, small ones folded, those that hide their cause apart. Only for `publish()`. */
export function publishNel({ network, clients, types }: RawNel, k: number): PublishedNel {
  const { shown, hidden } = suppress(
    types.filter(({ masks }) => !masks).map(({ type, clients: n }) => ({ value: type, clients: n })),
    k,
  );
  const masked = Math.max(0, ...types.filter(({ masks }) => masks).map((each) => each.clients));
  const all = cellCount(clients, k);
  const rows = shown.map(({ value, clients: n }) => {
    const { value: count, text } = cellCount(n, k);
    // One browser may report several types, so these are shares of browsers and need not add up to one.
    const share = count === null || all.value === null ? null : Math.min(1, Math.round((20 * count) / Math.max(all.value, ROUNDING)) / 20);
    return { type: value, clients: count, clients_text: text, share };
  });
  return {
    network,
    clients: all.value,
    clients_text: all.text,
    types: rows,
    others: hidden.cells > 0,
    masked_text: masked === 0 ? null : cellCount(masked, k).text,
  };
}
