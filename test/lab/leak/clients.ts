/** The clients of one access network: many real agents in one process, each asking the service every few seconds. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { init } from '@outcry/node';
import { serveCalls } from '../role.js';
import { API, EVERY_MS, PATIENCE_MS } from './settings.js';

export interface ClientsSettings {
  readonly clients: number;
  readonly collectors: readonly string[];
  readonly recipientKey: string;
  /** The service is asked over https. */
  readonly secure: boolean;
}

export interface Tally {
  readonly answered: number;
  readonly failed: number;
  readonly firstFailureMs: number | null;
  readonly delivered: number;
}

/** The agents make their keys first. */
const SETTLE_MS = 5_000;
/** Devices share no connection, nor what a process keeps of one. */
const fetchAlone: typeof fetch = (input, init) =>
  fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string> | undefined), connection: 'close' } });

const clientOfNow = new AsyncLocalStorage<number>();
const tally = { answered: 0, failed: 0, firstFailureMs: null as number | null, delivered: 0 };

function visit(secure: boolean): Promise<boolean> {
  const request = secure ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const asked = request({ hostname: API, agent: false, signal: AbortSignal.timeout(PATIENCE_MS) }, (response) =>
      response
        .resume()
        .on('end', () => resolve(true))
        .on('error', () => resolve(false)),
    );
    asked.on('error', () => resolve(false)).end();
  });
}

serveCalls({
  start({ clients, collectors, recipientKey, secure }: ClientsSettings) {
    for (let id = 0; id < clients; id++) {
      const agent = init(
        { project: 'shop', release: '1.0', hosts: [API], collectors, recipientKey, consent: 'granted' },
        { accept: () => clientOfNow.getStore() === id, liveDelayMs: 2_000, fetchFn: fetchAlone },
      );
      agent.onEvent(({ kind }) => {
        if (kind === 'delivered') tally.delivered++;
      });
      const go = async (): Promise<void> => {
        const startedMs = Date.now();
        if (await visit(secure)) tally.answered++;
        else {
          tally.failed++;
          tally.firstFailureMs ??= startedMs;
        }
        setTimeout(() => void go(), EVERY_MS * (0.5 + Math.random()));
      };
      clientOfNow.run(id, () => setTimeout(() => void go(), SETTLE_MS + EVERY_MS * Math.random()));
    }
  },
  tally: (): Tally => ({ ...tally }),
  /** Forgets what happened until now. */
  begin: () => void Object.assign(tally, { answered: 0, failed: 0, firstFailureMs: null, delivered: 0 }),
});
