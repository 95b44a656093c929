/**
 * What the operator's signed configuration leaves of the options: less, never more. Here is what asks for it; reading, verifying and
 * fetching it is a chunk of its own (`steered.ts`), loaded with the session where the app has a `configKey`, and by nobody else.
 */
import type { AgentConfig } from '@outcry/protocol';
import { fromBase64Url } from '@outcry/protocol';
import type { Grant } from './grant.js';
import type { followConfig } from './steered.js';

export interface Steering {
  /** What an earlier page or process took is loaded. */
  readonly ready: Promise<unknown>;
  isPaused(): boolean;
  reportsPpm(): number;
  attemptsPpm(): number;
  /** Of the comparisons with witnesses and of the rounds of probes. */
  probesPpm(): number;
  /** Origins; always at least one, and always of the options. */
  collectors(): readonly string[];
  /** Whether their order is the operator's. */
  isRanked(): boolean;
  witnesses(): readonly string[];
  /** The same array as long as it is the same key. */
  recipientKey(): Uint8Array;
}

const RELOAD_MS = 30_000;
/** Sealing waits no longer for what an earlier page took: a chunk that hangs must not hold a report up. */
const READY_MS = 3_000;

const loadSteered = (): Promise<{ followConfig: typeof followConfig }> => import('./steered.js');

/** Starts following the configuration, if there is a key to verify it with. Never throws. */
export function makeSteering(grant: Grant, load: typeof loadSteered = loadSteered): Steering {
  const { options, platform } = grant;
  const { now, networkTimer = platform.setTimer } = platform;
  let present = (): AgentConfig | undefined => undefined;
  let nextKey: { readonly text: string; readonly bytes: Uint8Array } | undefined;

  async function follow(): Promise<void> {
    try {
      const { followConfig } = await load();
      if (!grant.live()) return;
      const following = followConfig(grant, collectors);
      present = following.present;
      await following.ready;
    } catch {
      grant.after(RELOAD_MS, follow);
    }
  }

  const collectors = (): readonly string[] => {
    const named = present()?.collectors?.filter((origin) => options.collectors.includes(origin)) ?? [];
    // Pausing is what silences an agent; a list without any known name does not.
    return named.length > 0 ? named : options.collectors;
  };

  return {
    ready: options.configKey
      ? Promise.race([follow(), new Promise<void>((resolve) => void networkTimer(resolve, READY_MS))])
      : Promise.resolve(),
    isPaused: () => present()?.paused === true,
    reportsPpm: () => Math.min(options.samplePpm, present()?.reports_ppm ?? options.samplePpm),
    attemptsPpm: () => Math.min(options.panelPpm, present()?.attempts_ppm ?? options.panelPpm),
    probesPpm: () => (present()?.paused ? 0 : (present()?.probes_ppm ?? 1e6)),
    collectors,
    isRanked: () => collectors() !== options.collectors,
    witnesses() {
      const used = collectors();
      const leftOut = options.collectors.filter((origin) => !used.includes(origin));
      return leftOut.length > 0 ? options.witnesses.filter((url) => !leftOut.includes(new URL(url).origin)) : options.witnesses;
    },
    recipientKey() {
      const next = present()?.next_key;
      if (!next || now() < next.from * 1_000) return options.recipientKey;
      if (nextKey?.text !== next.key) nextKey = { text: next.key, bytes: fromBase64Url(next.key) };
      return nextKey.bytes;
    },
  };
}
