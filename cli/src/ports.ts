import { createServer } from 'node:net';
import { OutcryError } from '@outcry/protocol';

export interface WantedPort {
  readonly host: string;
  readonly port: number;
  /** The setting that changes it, for the error line. */
  readonly setting: string;
}

/**
 * Tries every address before anything is started, so that a taken port is one clear line and nothing has to be undone.
 *
 * Rejects with `OUTCRY_PORT_TAKEN` or `OUTCRY_BAD_CONFIG` naming the first address that cannot be had.
 */
export async function checkPorts(wanted: readonly WantedPort[]): Promise<void> {
  for (const { host, port, setting } of wanted) {
    const server = createServer();
    const code = await new Promise<string | undefined>((resolve) => {
      server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
      server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
    });
    if (code === 'EADDRINUSE')
      throw new OutcryError('OUTCRY_PORT_TAKEN', `port ${port} of ${host} is taken by another process (setting ${setting})`);
    if (code !== undefined)
      throw new OutcryError('OUTCRY_BAD_CONFIG', `cannot listen on port ${port} of ${host} (${code}, setting ${setting})`);
  }
}
