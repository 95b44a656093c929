/** What happens once everything runs: a quiet while, the fault, the spike, the end of the fault, the recovery; then anew if asked. */
import { setTimeout as wait } from 'node:timers/promises';
import { FAULT_WORDS, chooseNetwork } from './fault.js';
import { labelOf, type DemoNetwork } from './networks.js';
import type { EdgeState } from './edge.js';
import { fetchSpikes, spikeChanges, spikePage, type SpikeChange, type SpikeSummary } from './spikes.js';
import type { TallyBoard } from './tally-board.js';

export interface PlayOptions {
  readonly analyzerUrl: string;
  /** Seconds of quiet before the fault. */
  readonly quietS: number;
  readonly fault: 'mute' | 'closed';
  readonly say: (line: string) => void;
  readonly board: TallyBoard;
  /** Tells of pressed keys by an event named as the key. */
  readonly pressed: EventTarget;
  readonly setEdge: (edgeHost: string, state: EdgeState) => void;
  readonly signal: AbortSignal;
}

const ASK_EVERY_MS = 2000;
const STATUS_EVERY_MS = 15_000;
/** A spike that began this long before the live traffic belongs to an earlier run. */
const EARLIER_MS = 60_000;

/** Plays until the signal aborts; resolves then. */
export async function playFault(options: PlayOptions): Promise<void> {
  const { analyzerUrl, quietS, fault, say, board, pressed, setEdge, signal } = options;
  let spikes: SpikeSummary[] | undefined;
  let broken: { network: DemoNetwork; sinceMs: number } | undefined;
  let recovering: { network: DemoNetwork; sinceMs: number; isSaid: boolean } | undefined;
  let startAtMs = Date.now() + quietS * 1000;
  let statusAtMs = Date.now();

  const begin = (): void => {
    const network = chooseNetwork(spikes ?? []);
    broken = { network, sinceMs: Date.now() };
    recovering = undefined;
    setEdge(network.edgeHost, fault);
    say(
      `FAULT: the way of ${labelOf(network)} (${network.name}) into the shop now ${FAULT_WORDS[fault]}. The shop itself is well. Key f ends it.`,
    );
  };
  const end = (): void => {
    if (!broken) return;
    setEdge(broken.network.edgeHost, 'open');
    recovering = { network: broken.network, sinceMs: Date.now(), isSaid: false };
    broken = undefined;
    say(`the way of ${labelOf(recovering.network)} is open again; waiting for its clients to come back. Key f breaks another network's.`);
  };
  const onKey = (): void => {
    if (broken) end();
    else begin();
    startAtMs = Infinity;
  };
  pressed.addEventListener('f', onKey);

  const liveFromMs = Date.now();
  const show = ({ what, spike }: SpikeChange): void => {
    // What an earlier run left open is not news.
    if (what === 'found' && Date.parse(spike.started_at) < liveFromMs - EARLIER_MS) return;
    const place = spike.network ?? 'all networks';
    const after = broken && what === 'found' ? ` ${Math.round((Date.now() - broken.sinceMs) / 1000)} s after the fault` : '';
    const words = {
      found: `SPIKE FOUND${after}`,
      placed: 'SPIKE PLACED',
      judged: 'SPIKE JUDGED ANEW',
      closed: 'SPIKE CLOSED: the failures are over',
    }[what];
    say(`${words}: ${spike.kind} at ${spike.host}, ${place}, verdict ${spike.verdict}`);
    if (what !== 'closed') say(`  ${spike.sentence}`);
    say(`  ${spikePage(analyzerUrl, spike)}`);
  };
  const status = (nowMs: number): void => {
    if (nowMs - statusAtMs < STATUS_EVERY_MS) return;
    const all = board.since(statusAtMs);
    const parts = [`live: ${all.made} requests in ${Math.round((nowMs - statusAtMs) / 1000)} s, ${all.failed} failed`];
    const watched = broken?.network ?? (recovering?.isSaid === false ? recovering.network : undefined);
    if (watched) {
      const there = board.since(statusAtMs, labelOf(watched));
      parts.push(`${labelOf(watched)}: ${there.failed} of ${there.made} failed`);
    } else if (Number.isFinite(startAtMs) && startAtMs > nowMs)
      parts.push(`the fault begins in ${Math.round((startAtMs - nowMs) / 1000)} s`);
    say(parts.join('; '));
    statusAtMs = nowMs;
  };
  const checkRecovery = (): void => {
    if (!recovering || recovering.isSaid) return;
    // The first seconds still hold what was under way when the fault ended.
    const { made, failed } = board.since(recovering.sinceMs + 8000, labelOf(recovering.network));
    if (made < 5 || failed > made / 5) return;
    recovering.isSaid = true;
    say(
      `RECOVERED: ${made - failed} of the last ${made} requests of ${labelOf(recovering.network)} were answered. The spike recovers, and is closed after five quiet minutes.`,
    );
  };

  try {
    while (!signal.aborted) {
      const now = await fetchSpikes(analyzerUrl, signal).catch(() => undefined);
      if (now) {
        for (const change of spikeChanges(spikes, now)) show(change);
        spikes = now;
      }
      if (Date.now() >= startAtMs) {
        startAtMs = Infinity;
        begin();
      }
      checkRecovery();
      status(Date.now());
      await wait(ASK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    pressed.removeEventListener('f', onKey);
  }
}
