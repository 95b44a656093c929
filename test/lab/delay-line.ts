/**
 * A line that keeps packets for a while: a TUN device whose packets come back into it later. This kernel family often lacks `netem`,
 * and Node cannot open a TUN device; socat can, and hands each packet on as one datagram.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { setTimeout as wait } from 'node:timers/promises';
import { readdirSync } from 'node:fs';
import { serveCalls } from './role.js';

const LOOPBACK = '127.0.0.1';
/** Larger than any packet. */
const BUFFER_BYTES = 65_536;
const DEVICE_WITHIN_MS = 5_000;

serveCalls({
  /** Makes the device in this network; whatever is routed into it comes out of it `delayMs` later. */
  async start({ device, delayMs }: { device: string; delayMs: number }) {
    const socket = createSocket('udp4');
    socket.on('message', (packet, { port, address }) => {
      setTimeout(() => socket.send(packet, port, address), delayMs);
    });
    await new Promise<void>((resolve) => socket.bind(0, LOOPBACK, resolve));
    const tun = `TUN,tun-name=${device},tun-type=tun,iff-no-pi,iff-up`;
    const socat = spawn('socat', ['-b', String(BUFFER_BYTES), tun, `UDP:${LOOPBACK}:${socket.address().port}`], { stdio: 'inherit' });
    for (let waitedMs = 0; !readdirSync('/sys/class/net').includes(device); waitedMs += 10) {
      if (socat.exitCode !== null || waitedMs > DEVICE_WITHIN_MS) throw new Error('no TUN device can be made here');
      await wait(10);
    }
  },
});
