/**
 * Follows the signed configuration: fetched after consent only, at most hourly, from the collectors, who can withhold it but neither
 * forge it nor go back to an earlier one. The highest version ever taken stays in the store, also when its time is over.
 */
import { configMessage, holdsAt, parseSignedConfig, toBase64Url } from '@outcry/protocol';
import type { AgentConfig } from '@outcry/protocol';
import type { CheckedOptions } from './check-options.js';
import type { Grant } from './grant.js';
import type { Platform } from './platform.js';

interface Stored {
  /** The key it was verified with: another one begins anew. */
  readonly key: string;
  readonly version: number;
  /** As it was served. */
  readonly document?: string;
  readonly askedAtMs: number;
}

const KEY = 'config';
const HOUR_MS = 3_600_000;
const DEADLINE_MS = 8_000;

type Place = Pick<Grant, 'options' | 'platform'>;

/** Ed25519 by WebCrypto, or by tweetnacl where that is missing; false where neither can be had. Rejects where tweetnacl cannot be loaded. */
async function isSigned(
  { subtle, loadNacl }: Platform,
  key: Uint8Array,
  signature: Uint8Array<ArrayBuffer>,
  message: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  try {
    if (!subtle) throw new Error();
    const imported = await subtle.importKey('raw', key as Uint8Array<ArrayBuffer>, 'Ed25519', false, ['verify']);
    return await subtle.verify('Ed25519', imported, signature, message);
  } catch {
    return (await loadNacl?.())?.verifyNacl(key, signature, message) ?? false;
  }
}

async function verified({ options: { configKey, project }, platform }: Place, document: string): Promise<AgentConfig | undefined> {
  const read = parseSignedConfig(document);
  if (!configKey || read?.config.project !== project) return undefined;
  return (await isSigned(platform, configKey, read.signature, configMessage(read.text))) ? read.config : undefined;
}

const keyName = ({ configKey }: CheckedOptions): string | undefined => configKey && toBase64Url(configKey);
const storedFor = (options: CheckedOptions, value: unknown): Stored | undefined =>
  (value as Stored | undefined)?.key === keyName(options) ? (value as Stored) : undefined;

/** What an earlier page or process left, and the configuration in it where that can be verified here. Rejects when the store does. */
async function recall(place: Place): Promise<readonly [stored: Stored | undefined, config: AgentConfig | undefined]> {
  const stored = storedFor(place.options, await place.platform.store.get(KEY));
  return [stored, stored?.document === undefined ? undefined : await verified(place, stored.document)];
}

/** False where a stored configuration cannot be verified here, so that nobody can tell whether it says to be silent. Rejects when the store does. */
export async function isFollowable(place: Place): Promise<boolean> {
  const [stored, config] = await recall(place);
  return stored?.document === undefined || config !== undefined;
}

export interface Following {
  /** What an earlier page or process took is loaded. */
  readonly ready: Promise<unknown>;
  /** The configuration that holds now. */
  readonly present: () => AgentConfig | undefined;
}

/**
 * @param collectors - Origins to ask.
 * Never throws.
 */
export function followConfig(grant: Grant, collectors: () => readonly string[]): Following {
  const { options, platform } = grant;
  const { now, random } = platform;
  let taken: AgentConfig | undefined;
  let floor = options.minConfigVersion;

  const present = (): AgentConfig | undefined => (taken && taken.version >= floor && holdsAt(taken, now()) ? taken : undefined);

  /** Takes a document, unless a higher version or another text of the same version was taken before, here or by another page. */
  async function take(document: string): Promise<boolean> {
    const config = await verified(grant, document);
    if (!config || config.version < floor || !holdsAt(config, now())) return false;
    const result = { stands: false };
    const put = (old: unknown): unknown => {
      const before = storedFor(options, old);
      result.stands =
        !before || before.version < config.version || (before.version === config.version && textOf(before) === textOf({ document }));
      return result.stands ? { key: keyName(options), version: config.version, document, askedAtMs: now() } : old;
    };
    // A store that takes nothing: the floor of this page or process has to do.
    await grant.update(KEY, put).catch(() => (result.stands = taken?.version !== config.version));
    if (!result.stands || !grant.live()) return false;
    const isNew = taken?.version !== config.version;
    floor = config.version;
    taken = config;
    if (isNew) grant.emit({ kind: 'steered', version: config.version });
    return true;
  }

  const textOf = ({ document = '' }: Pick<Stored, 'document'>): string | undefined => parseSignedConfig(document)?.text;

  async function load(): Promise<Stored | undefined> {
    const [stored, config] = await recall(grant);
    if (!stored) return undefined;
    floor = Math.max(floor, Number.isFinite(stored.version) ? stored.version : 0);
    if (config?.version === stored.version && config.version >= floor) taken = config;
    return stored;
  }

  async function ask(): Promise<void> {
    // Shared over pages, and written before: a page that is closed and opened again asks no sooner.
    const before = await load().catch(() => undefined);
    const restMs = HOUR_MS - Math.abs(now() - (before?.askedAtMs ?? 0));
    if (restMs > 0) {
      plan(restMs);
      return;
    }
    const mark = (old: unknown): unknown => ({ key: keyName(options), version: 0, ...storedFor(options, old), askedAtMs: now() });
    if (!(await grant.update(KEY, mark).catch(() => grant.live()))) return;
    plan(HOUR_MS);
    // At random, so that none of them can keep the present one from an agent for long.
    const order = collectors()
      .map((origin) => [random(), origin] as const)
      .sort(([a], [b]) => a - b);
    for (const [, origin] of order) {
      if (!grant.live()) return;
      try {
        const { status, text } = await grant.ask(`${origin}/v1/config/${options.project}`, {}, DEADLINE_MS);
        if (status === 200 && (await take(text))) return;
      } catch {
        // The next one.
      }
    }
  }

  const plan = (ms: number): void => void grant.after(ms + random() * 0.5 * HOUR_MS, ask);

  grant.after(random() * (platform.liveDelayMs ?? 5_000), ask);
  return { ready: load().catch(() => undefined), present };
}
