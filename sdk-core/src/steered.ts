/**
 * Follows the signed configuration: fetched after consent only, at most hourly, from the collectors, who can withhold it but neither
 * forge it nor go back to an earlier one. The highest version ever taken stays in the store, also when its time is over.
 */
import { configMessage, holdsAt, parseSignedConfig, toBase64Url } from '@outcry/protocol';
import type { AgentConfig } from '@outcry/protocol';
import type { Grant } from './grant.js';

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

/** Ed25519 by WebCrypto, or by tweetnacl where that is missing. Rejects where neither can be had. */
async function isSigned(
  grant: Grant,
  key: Uint8Array,
  signature: Uint8Array<ArrayBuffer>,
  message: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const { subtle, loadNacl } = grant.platform;
  try {
    if (!subtle) throw new Error();
    const imported = await subtle.importKey('raw', key as Uint8Array<ArrayBuffer>, 'Ed25519', false, ['verify']);
    return await subtle.verify('Ed25519', imported, signature, message);
  } catch {
    return (await loadNacl?.())?.verifyNacl(key, signature, message) ?? false;
  }
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
  const { now, random, store } = platform;
  const { configKey } = options;
  const keyName = configKey && toBase64Url(configKey);
  let taken: AgentConfig | undefined;
  let floor = options.minConfigVersion;

  const present = (): AgentConfig | undefined => (taken && taken.version >= floor && holdsAt(taken, now()) ? taken : undefined);

  async function verified(document: string): Promise<AgentConfig | undefined> {
    const read = parseSignedConfig(document);
    if (!configKey || read?.config.project !== options.project) return undefined;
    return (await isSigned(grant, configKey, read.signature, configMessage(read.text))) ? read.config : undefined;
  }

  /** Takes a document, unless a higher version or another text of the same version was taken before, here or by another page. */
  async function take(document: string): Promise<boolean> {
    const config = await verified(document);
    if (!config || config.version < floor || !holdsAt(config, now())) return false;
    const result = { stands: false };
    const put = (old: unknown): unknown => {
      const before = storedOf(old);
      result.stands =
        !before || before.version < config.version || (before.version === config.version && textOf(before) === textOf({ document }));
      return result.stands ? { key: keyName, version: config.version, document, askedAtMs: now() } : old;
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
  const storedOf = (value: unknown): Stored | undefined => ((value as Stored | undefined)?.key === keyName ? (value as Stored) : undefined);

  async function load(): Promise<Stored | undefined> {
    const stored = storedOf(await store.get(KEY));
    if (!stored) return undefined;
    const config = stored.document === undefined ? undefined : await verified(stored.document);
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
    const mark = (old: unknown): unknown => ({ key: keyName, version: 0, ...storedOf(old), askedAtMs: now() });
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
