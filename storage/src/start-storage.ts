import type { StorageConnection } from './connection.js';

export interface StorageOptions {
  /** Directory of the embedded engine's data; made with mode 0700. */
  readonly dataDir: string;
  /** Where the engine's front listens; a Unix socket of its own without. Port 0 takes a free one. */
  readonly listen?: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  /** Upper bound of the engine's memory in bytes; 2 GB without. */
  readonly maxMemoryBytes?: number;
  readonly log?: (line: string) => void;
}

export interface StorageHandle {
  readonly connection: StorageConnection;
  /** The owner's process id, which changes when it is restarted. */
  readonly pid: () => number;
  /** Stops the owner; done within 2 s, nothing is left running. */
  close(): Promise<void>;
}

/** Starts and supervises the owner process of the embedded engine. */
export function startStorage(options: StorageOptions): Promise<StorageHandle> {
  return Promise.reject(new Error(`being written: ${options.dataDir}`));
}
