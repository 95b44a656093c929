/** Whether what is to be pushed for a host comes. Whichever analyzer took it: it is in storage. */
import { ask, seconds } from '../queries/ask.js';
import { lastPushed } from '../queries/last-pushed.js';
import type { PullDeps } from './pull-exposition.js';
import { failureWords } from './read-bounded.js';
import type { PushSource } from './source.js';

/** Exporters push every minute at least; after this much silence something is wrong. */
const SILENT_MS = 5 * 60_000;
const ASKED_EVERY_MS = 60_000;

/** When this analyzer began to wait, and what it found last. */
export interface PushMemory {
  sinceMs?: number;
  askedMs?: number;
  said?: string | null;
}

/** @param memory - Kept between looks at one source. @returns What is wrong in plain words, or null. Never rejects. */
export async function awaitPush(
  { project, host }: PushSource,
  { client, now = Date.now }: PullDeps,
  memory: PushMemory,
): Promise<string | null> {
  const nowMs = now();
  memory.sinceMs ??= nowMs;
  if (nowMs - memory.sinceMs < SILENT_MS || nowMs - (memory.askedMs ?? -Infinity) < ASKED_EVERY_MS) return memory.said ?? null;
  try {
    const [row] = await ask(client, lastPushed, { project, host, from: seconds(nowMs - SILENT_MS) });
    memory.said =
      (row?.last ?? 0) > 0 ? null : `nothing that carries its push_labels was pushed in the last ${String(SILENT_MS / 60_000)} minutes`;
    memory.askedMs = nowMs;
    return memory.said;
  } catch (error) {
    return failureWords(error);
  }
}
