import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutcryError } from '@outcry/protocol';
import type { Listen } from './owner/owner-message.js';

/** `sun_path` holds 108 bytes with its closing zero. */
const MAX_SOCKET_PATH_BYTES = 107;
const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

export interface ListenAddress {
  readonly listen: Listen;
  /** Removes the socket, which an owner that was killed leaves behind, and a directory made for it. */
  release(): Promise<void>;
}

/**
 * Where the engine's front listens.
 *
 * @param wanted - As configured; without, a socket in the data directory, or in a private directory of the system's temporary
 * directory where the data directory's path is too long for a socket.
 * Throws OUTCRY_BAD_CONFIG for an address that is not loopback and for a socket path longer than 107 bytes.
 */
export async function listenAddress(wanted: Listen | undefined, dataDir: string): Promise<ListenAddress> {
  if (wanted !== undefined && 'host' in wanted) {
    if (!LOOPBACK.test(wanted.host)) throw new OutcryError('OUTCRY_BAD_CONFIG', 'the embedded engine listens on loopback only');
    return { listen: wanted, release: () => Promise.resolve() };
  }
  if (wanted !== undefined) {
    if (Buffer.byteLength(wanted.socketPath) > MAX_SOCKET_PATH_BYTES) {
      throw new OutcryError('OUTCRY_BAD_CONFIG', `the socket path is longer than ${MAX_SOCKET_PATH_BYTES} bytes`);
    }
    return atSocket(wanted.socketPath);
  }
  const inside = join(dataDir, 'engine.sock');
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH_BYTES) return atSocket(inside);
  const directory = await mkdtemp(join(tmpdir(), 'outcry-'));
  return { listen: { socketPath: join(directory, 's') }, release: () => rm(directory, { recursive: true, force: true }) };
}

function atSocket(socketPath: string): ListenAddress {
  return { listen: { socketPath }, release: () => rm(socketPath, { force: true }) };
}
