/** A plain list of what this page has sent, for a privacy page. */
import type { Outcry } from '@outcry/core';

/**
 * Shows what was sent and what still waits, and brings it up to date.
 *
 * @param everyMs - How often; 2000 ms by default.
 * @returns A function that stops it and empties `into`. Never throws.
 */
export function showSent(outcry: Pick<Outcry, 'sent' | 'pending'>, into: HTMLElement, everyMs = 2_000): () => void {
  const document = into.ownerDocument;
  const add = (parent: Node, tag: string, text: string): Node => {
    const made = document.createElement(tag);
    made.textContent = text;
    return parent.appendChild(made);
  };
  let live = true;

  async function refresh(): Promise<void> {
    const { envelopes, bytes, unsealed } = await outcry.pending();
    if (!live) return;
    const list = document.createElement('ol');
    for (const { sentAtMs, collector, bytes: size, words } of outcry.sent()) {
      const item = add(list, 'li', `${new Date(sentAtMs).toISOString().slice(0, 19)}Z, ${size} bytes to ${collector}`);
      if (words.length > 0) {
        const inner = add(item, 'ul', '');
        for (const line of words) add(inner, 'li', line);
      } else add(item, 'p', 'Sealed by an earlier page; only its size is known here.');
    }
    into.replaceChildren(list);
    add(into, 'p', `Waiting on this device: ${envelopes} sealed reports (${bytes} bytes), ${unsealed} not yet sealed.`);
  }

  const timer = setInterval(() => void refresh(), everyMs);
  void refresh();
  return () => {
    live = false;
    clearInterval(timer);
    into.replaceChildren();
  };
}
