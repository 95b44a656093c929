/** The resolver of the access network: dnsmasq. What it says of the service's name changes with the fault. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import {
  ALTERNATIVE_NAME,
  API_NAME,
  COLLECTOR,
  COLLECTOR_NAMES,
  COLLECTOR_TWO,
  NEL_COLLECTOR,
  NEL_NAME,
  PAGE,
  PAGE_NAME,
  RESOLVER,
  SERVICE,
  STRANGER,
  STRANGER_NAME,
} from './places.js';

/** dnsmasq options for the service's name; `off` leaves the port closed. */
export type Answer = readonly string[] | 'off';

export const answering = (...addresses: readonly string[]): Answer => addresses.map((address) => `--host-record=${API_NAME},${address}`);
/** The name's own server is asked, which may answer badly, late or never. */
export const askingAt = (server: string): Answer => [`--server=/${API_NAME}/${server}`];
export const HEALTHY: Answer = answering(SERVICE);

const ALWAYS = [
  `--host-record=${ALTERNATIVE_NAME},${SERVICE}`,
  `--host-record=${PAGE_NAME},${PAGE}`,
  `--host-record=${COLLECTOR_NAMES[0]},${COLLECTOR}`,
  `--host-record=${COLLECTOR_NAMES[1]},${COLLECTOR_TWO}`,
  `--host-record=${NEL_NAME},${NEL_COLLECTOR}`,
  `--host-record=${STRANGER_NAME},${STRANGER}`,
];
const OPTIONS =
  '--keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --no-resolv --no-hosts --bind-interfaces --cache-size=0';

/** Port 53, as the kernel writes it, is bound in the process's network. */
function isListening(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/net/udp`, 'utf8').includes(':0035 ');
  } catch {
    return false;
  }
}

export interface Resolver {
  answer(answer: Answer): Promise<void>;
}

export function makeResolver(): Resolver {
  let child: ChildProcess | undefined;
  let current: Answer | undefined;

  async function stop(): Promise<void> {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null) return;
    const ended = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill('SIGKILL');
    await ended;
  }

  return {
    async answer(answer) {
      if (answer === current) return;
      await stop();
      current = answer;
      if (answer === 'off') return;
      const options = [...OPTIONS.split(' '), `--listen-address=${RESOLVER}`, '--local-ttl=1', ...ALWAYS, ...answer];
      const started = spawn('ip', ['netns', 'exec', 'access', 'dnsmasq', ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
      child = started;
      for (let tries = 0; !(started.pid && isListening(started.pid)); tries++) {
        if (started.exitCode !== null || tries > 500) throw new Error(`dnsmasq does not start with ${answer.join(' ')}`);
        await wait(10);
      }
    },
  };
}
