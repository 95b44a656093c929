/**
 * The watched service: port 443 fails as it is told, a second port stays healthy, and STUN answers. Also the captive portal: the same
 * program at the access router, as a stranger.
 */
import { createServer as createTcp } from 'node:net';
import type { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { LabCertificates } from './certificates.js';
import { makeModes } from './modes.js';
import type { AnswerHeaders, Connection, Mode } from './modes.js';
import { SECOND_PORT, SERVICE, SERVICE_TWO, STRANGER, STUN_PORT } from './places.js';
import { serveCalls } from './role.js';
import { startStun } from './stun.js';

let modes: ReturnType<typeof makeModes>;
let current: Connection;
const open = new Set<Socket>();

const isStranger = ({ localAddress }: Socket): boolean => localAddress === STRANGER;

/** The service's addresses that are here: none at the captive portal. */
const ownAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).flatMap(({ address }) => ([SERVICE, SERVICE_TWO].includes(address) ? [address] : [])),
  );

function listen(port: number, serve: Connection): Promise<void> {
  const server = createTcp({ noDelay: true }, (socket) => {
    open.add(socket.on('error', () => undefined).on('close', () => open.delete(socket)));
    serve(socket);
  });
  return new Promise((resolve) => server.listen(port, '0.0.0.0', resolve));
}

serveCalls({
  async start({ certificates, headers }: { certificates: LabCertificates['service']; headers: AnswerHeaders }) {
    modes = makeModes(certificates, headers);
    current = modes.healthy();
    const stranger = modes.stranger();
    const second = modes.healthy();
    await Promise.all([
      listen(443, (socket) => (isStranger(socket) ? stranger : current)(socket)),
      listen(SECOND_PORT, (socket) => (isStranger(socket) ? stranger : second)(socket)),
      ...ownAddresses().map((address) => startStun(address, STUN_PORT)),
    ]);
  },
  become(mode: Mode) {
    current = modes[mode]();
  },
  /** Ends what browsers opened ahead of need, so that the next request meets the fault. */
  hangUp() {
    for (const socket of open) socket.destroy();
  },
});
