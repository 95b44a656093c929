/** An app on Node with the agent in it: one request, by `fetch` or by `https`. */
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { makeRecipientKey } from '@outcry/protocol/open';
import { init } from '@outcry/node';
import type { AgentEvent } from '@outcry/node';
import { PATIENCE_MS } from './engine.js';
import type { Asked, Seen } from './engine.js';
import { API_NAME, COLLECTOR, COLLECTOR_NAMES } from './places.js';
import { serveCalls } from './role.js';

type Diagnosed = Extract<AgentEvent, { kind: 'diagnosed' }>;
let diagnosed: Diagnosed | undefined;
let diagnosedAtMs = 0;

const outcry = init({
  project: 'lab',
  release: '1',
  hosts: [API_NAME],
  collectors: COLLECTOR_NAMES.map((name) => `https://${name}`),
  witnesses: [...COLLECTOR_NAMES, COLLECTOR].map((host) => `https://${host}/v1/witness`),
  recipientKey: makeRecipientKey().publicKey,
  consent: 'granted',
});
outcry.onEvent((event) => {
  if (event.kind !== 'diagnosed' || diagnosed) return;
  diagnosed = event;
  diagnosedAtMs = performance.now();
});

const keeping = new HttpsAgent({ keepAlive: true });
const passing = new HttpsAgent({ keepAlive: false });

function signalOf({ limitMs, giveUpMs }: Asked): AbortSignal {
  if (giveUpMs === undefined) return AbortSignal.timeout(limitMs);
  const own = new AbortController();
  setTimeout(() => own.abort(), giveUpMs);
  return own.signal;
}

async function byFetch({ url }: Asked, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal });
  await response.arrayBuffer();
  return String(response.status);
}

const byHttps = ({ url, before }: Asked, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    requestHttps(url, { signal, agent: before === 'open_connection' ? keeping : passing }, (response) => {
      response
        .on('error', reject)
        .on('end', () => resolve(String(response.statusCode)))
        .resume();
    })
      .on('error', reject)
      .end();
  });

const send = process.env['OUTCRY_LAB_ENGINE'] === 'node-https' ? byHttps : byFetch;

function wordsOf(error: unknown): string {
  const { name, code, cause } = error as Error & { code?: unknown; cause?: { code?: unknown; message?: string } };
  return [name, code, cause?.code ?? cause?.message].filter((word) => typeof word === 'string').join(' ');
}

serveCalls({
  async prepare(asked: Asked) {
    if (asked.before === 'open_connection') await send(asked, AbortSignal.timeout(10_000));
  },
  async go(asked: Asked): Promise<Seen> {
    const startedMs = performance.now();
    const app = await send(asked, signalOf(asked)).catch(wordsOf);
    const endedMs = performance.now();
    // An abort while undici connects is told when its own timer ends; a success is never told.
    const endMs = endedMs + (app === '200' ? 1_000 : PATIENCE_MS);
    while (!diagnosed && performance.now() < endMs) await wait(20);
    const failure = diagnosed?.failure;
    return {
      diagnosis: failure
        ? { type: failure.type, phase: failure.phase, kind: failure.kind, confidence: failure.confidence_pct / 100 }
        : null,
      evidence: diagnosed?.evidence ?? [],
      app,
      requestMs: Math.round(endedMs - startedMs),
      diagnosisMs: diagnosed ? Math.max(0, Math.round(diagnosedAtMs - endedMs)) : null,
    };
  },
});
