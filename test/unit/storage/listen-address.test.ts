import { stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { listenAddress } from '../../../storage/src/listen-address.js';

describe('the address of the front', () => {
  test('is a socket in the data directory where its path fits into 107 bytes', async () => {
    const directory = `/${'d'.repeat(94)}`;
    expect((await listenAddress(undefined, directory)).listen).toEqual({ socketPath: `${directory}/engine.sock` });
  });

  test('is a socket in a private directory where it does not, removed on release', async () => {
    const { listen, release } = await listenAddress(undefined, `/${'ü'.repeat(48)}`);
    if (!('socketPath' in listen)) throw new Error('a socket was asked for');
    const directory = listen.socketPath.slice(0, listen.socketPath.lastIndexOf('/'));
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    await release();
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([{ host: '0.0.0.0', port: 1 }, { host: '10.0.0.1', port: 1 }, { socketPath: `/${'x'.repeat(107)}` }])(
    'is refused: %o',
    async (wanted) => {
      await expect(listenAddress(wanted, '/d')).rejects.toMatchObject({ code: 'OUTCRY_BAD_CONFIG' });
    },
  );
});
