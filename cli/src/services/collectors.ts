import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Limits } from '@outcry/collector';
import type { StorageConnection } from '@outcry/storage';
import type { Config } from '../config/schema.js';
import type { CollectorSettings } from '../processes/collector-process.js';
import { supervise, type Supervised } from '../processes/supervise.js';
import type { RecipientKey } from '../recipient-keys.js';
import { agentConfigDirOf } from './agent-config-dir.js';
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
  /** Worker processes; what the settings say when left out. */
  readonly workers?: number;
}

/** The configured limits in the collector's own spelling; what is not set is left to the collector. */
function limitsOf({ collector: { limits, stop_delay_s: stopDelayS } }: Config, closeAfterMs: number | undefined): Partial<Limits> {
  const named = {
    uploadsPerSecond: limits.uploads_per_second,
    uploadBurst: limits.upload_burst,
    networkUploadsPerSecond: limits.network_uploads_per_second,
    networkUploadBurst: limits.network_upload_burst,
    signersPerHour: limits.signers_per_hour,
    releasesPerDay: limits.releases_per_day,
    journalEntries: limits.journal_entries,
    journalBytes: limits.journal_bytes,
    minFreeBytes: limits.min_free_bytes,
    stopDelayMs: stopDelayS * 1000,
    closeAfterMs,
  } satisfies { [Name in keyof Limits]?: number | undefined };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

/** How long a collector of this configuration may take to stop in order before it is ended, in ms: the delay, its own two steps, and some slack. */
export const stopGraceMs = ({ collector }: Config): number => collector.stop_delay_s * 1000 + 8_000;

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
      agentConfigDir: agentConfigDirOf(config),
      limits: limitsOf(config, around.closeAfterMs),
      ...(tls && { tls: { certFile: tls.cert_file, keyFile: tls.key_file } }),
    },
    storage: around.storage,
    workers: around.workers ?? config.collector.workers ?? availableParallelism(),
  };
  const module = new URL('../processes/collector-process.js', import.meta.url);
  return supervise({ name: `collector ${place.name}`, module, settings, say: around.say, output: around.output });
}
