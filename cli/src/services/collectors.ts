import { join } from 'node:path';
import type { Limits } from '@outcry/collector';
import type { StorageConnection } from '@outcry/storage';
import type { Config } from '../config/schema.js';
import type { CollectorSettings } from '../processes/collector-process.js';
import { supervise, type Supervised } from '../processes/supervise.js';
import type { RecipientKey } from '../recipient-keys.js';
import { projectsOf } from './projects.js';

export interface CollectorPlace {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface ServiceSurroundings {
  readonly storage: StorageConnection;
  readonly say: (line: string) => void;
  /** File descriptor for its log; stderr when left out. */
  readonly output?: number | undefined;
  /** Longest time for each step of a collector's stop, ms; the collector's own default when left out. */
  readonly closeAfterMs?: number;
}

/** The configured limits in the collector's own spelling; what is not set is left to the collector. */
function limitsOf({ collector: { limits } }: Config, closeAfterMs: number | undefined): Partial<Limits> {
  const named = {
    uploadsPerSecond: limits.uploads_per_second,
    uploadBurst: limits.upload_burst,
    signersPerHour: limits.signers_per_hour,
    releasesPerDay: limits.releases_per_day,
    journalEntries: limits.journal_entries,
    journalBytes: limits.journal_bytes,
    minFreeBytes: limits.min_free_bytes,
    closeAfterMs,
  } satisfies { [Name in keyof Limits]?: number | undefined };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

/** Starts one collector as a supervised process. Rejects with its coded error when it cannot start. */
export function startCollectorProcess(
  config: Config,
  place: CollectorPlace,
  keys: readonly RecipientKey[],
  around: ServiceSurroundings,
): Promise<Supervised> {
  const { trust_proxy: trustProxy, tls } = config.collector;
  const settings: CollectorSettings = {
    options: {
      ...place,
      dataDir: join(config.data_dir, `collector-${place.name}`),
      keys: [...keys],
      projects: projectsOf(config),
      trustProxy,
      limits: limitsOf(config, around.closeAfterMs),
      ...(tls && { tls: { certFile: tls.cert_file, keyFile: tls.key_file } }),
    },
    storage: around.storage,
  };
  const module = new URL('../processes/collector-process.js', import.meta.url);
  return supervise({ name: `collector ${place.name}`, module, settings, say: around.say, output: around.output });
}
