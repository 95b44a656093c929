import { randomBytes } from 'node:crypto';
import { totalmem } from 'node:os';
import { tryResolveLibchdb } from 'chdb/libchdb';
import { OutcryError } from '@outcry/protocol';
import type { StorageConnection } from './connection.js';
import { prepareDataDirectory } from './data-directory.js';
import { listenAddress } from './listen-address.js';
import { startOwner } from './owner-process.js';
import type { Listen, OwnerTask } from './owner/owner-message.js';
import { supervise } from './supervise.js';

const MAX_MEMORY_BYTES = 2_000_000_000;
const MIN_MEMORY_BYTES = 256_000_000;

export interface StorageOptions {
  /** Directory of the embedded engine's data; made with mode 0700. No other process may use it. */
  readonly dataDir: string;
  /** Where the engine's front listens; a Unix socket of its own without. Port 0 takes a free one; the host must be loopback. */
  readonly listen?: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  /** Upper bound of the engine's memory in bytes, 256 MB or more; without, half of the machine's memory and at most 2 GB. */
  readonly maxMemoryBytes?: number;
  /** Takes one line when the engine ended, fell silent or does not start; lines hold no content of rows. */
  readonly log?: (line: string) => void;
}

export interface StorageHandle {
  /** Stays the same over restarts of the owner process. */
  readonly connection: StorageConnection;
  /** The owner's process id, which changes when it is restarted. */
  readonly pid: () => number;
  /** Stops the owner; done within 2 s, neither process nor socket is left. */
  close(): Promise<void>;
}

/**
 * Starts the embedded engine in a process of its own and keeps it running: started again after a crash, killed when silent.
 *
 * While it is being started again (about half a second) requests fail with ECONNREFUSED, ECONNRESET or ENOENT; inserts are to be
 * repeated with the same token.
 * Throws OUTCRY_ENGINE_MISSING, OUTCRY_DATA_DIR, OUTCRY_DATA_DIR_LOCKED, OUTCRY_PORT_TAKEN, OUTCRY_BAD_CONFIG.
 */
export async function startStorage(options: StorageOptions): Promise<StorageHandle> {
  if (tryResolveLibchdb() === undefined) throw new OutcryError('OUTCRY_ENGINE_MISSING', `${process.platform}-${process.arch}`);
  const maxMemoryBytes = options.maxMemoryBytes ?? Math.max(MIN_MEMORY_BYTES, Math.min(MAX_MEMORY_BYTES, Math.floor(totalmem() / 2)));
  if (!(maxMemoryBytes >= MIN_MEMORY_BYTES))
    throw new OutcryError('OUTCRY_BAD_CONFIG', `the engine needs ${MIN_MEMORY_BYTES} bytes of memory`);
  const dataDir = await prepareDataDirectory(options.dataDir);
  const address = await listenAddress(options.listen, dataDir);
  // On a port any local user could connect; a socket is guarded by its mode.
  const password = 'host' in address.listen ? randomBytes(24).toString('base64url') : undefined;
  const task: OwnerTask = { dataDir, listen: address.listen, password, maxMemoryBytes };
  const first = await startOwner(task).catch(async (error: unknown) => {
    await address.release();
    throw error;
  });
  const listen: Listen = 'host' in address.listen ? { host: address.listen.host, port: first.port } : address.listen;
  const supervisor = supervise(first, () => startOwner({ ...task, listen }), { log: options.log ?? (() => undefined) });
  return {
    connection: connectionTo(listen, password),
    pid: () => supervisor.current().pid,
    async close() {
      await supervisor.stop();
      await address.release();
    },
  };
}

function connectionTo(listen: Listen, password: string | undefined): StorageConnection {
  if ('socketPath' in listen) return { url: 'http://localhost', socketPath: listen.socketPath };
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return { url: `http://${host}:${listen.port}`, ...(password === undefined ? {} : { username: 'default', password }) };
}
