/**
 * CPU that the agent adds to one watched request. In Node: whole processes that fetch from a loopback server, with the agent and without, in
 * alternating rounds. In Chromium: the wrapped fetch over one that resolves at once, so that nothing but the wrapper is in the figure.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { makeRecipientKey } from '@outcry/protocol/open';
import { chromium } from 'playwright-core';
import { findProgram } from '../../scripts/programs.mjs';
import { median, printTable } from './machine.mjs';

const ROUNDS = 7;
const FETCHES = 4000;
const CHROMIUM_ARGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(
    ' ',
  );

async function nodeRound(url, mode, recipientKey) {
  const child = fork(new URL('watch-process.mjs', import.meta.url), [url, mode, String(FETCHES), recipientKey]);
  const [{ cpuUs }] = await once(child, 'message');
  return cpuUs / FETCHES;
}

async function inNode(recipientKey) {
  const endpoint = fork(new URL('endpoint-process.mjs', import.meta.url));
  const [{ url }] = await once(endpoint, 'message');
  const plain = [];
  const watched = [];
  for (let round = 0; round < ROUNDS; round++) {
    plain.push(await nodeRound(url, 'plain', recipientKey));
    watched.push(await nodeRound(url, 'watched', recipientKey));
  }
  endpoint.disconnect();
  return { plain: median(plain), watched: median(watched) };
}

/** Runs in the page. */
async function pageRound({ watched, recipientKey, count }) {
  globalThis.fetch = () => Promise.resolve(new Response(null));
  if (watched) {
    const agent = globalThis.outcry.init({
      project: 'bench',
      release: '1',
      hosts: ['api.bench.example'],
      collectors: ['https://c1.example.net'],
      recipientKey,
    });
    const at = new Date().toISOString();
    await agent.setConsent('granted', { text: 'bench', textHash: 'A'.repeat(43), at, method: 'dialog' });
  }
  const round = async (times) => {
    for (let index = 0; index < times; index++) await globalThis.fetch('https://api.bench.example/cart');
  };
  await round(500);
  const startMs = performance.now();
  await round(count);
  return ((performance.now() - startMs) * 1000) / count;
}

async function inChromium(recipientKey) {
  const executablePath = process.env.OUTCRY_CHROMIUM ?? findProgram('chromium');
  if (executablePath === undefined) return undefined;
  const script = readFileSync(new URL('../../sdk-browser/dist/outcry.iife.js', import.meta.url));
  const server = createServer((request, response) => {
    const isScript = request.url === '/outcry.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><script src="/outcry.js"></script>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
  const times = { plain: [], watched: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const mode of ['plain', 'watched']) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${server.address().port}/`);
      times[mode].push(await page.evaluate(pageRound, { watched: mode === 'watched', recipientKey, count: 5000 }));
      await context.close();
    }
  }
  await browser.close();
  server.close();
  return { plain: median(times.plain), watched: median(times.watched) };
}

export async function benchWatch() {
  console.log(`\nCPU added per watched fetch (${ROUNDS} alternating rounds, median)`);
  const { publicKey } = makeRecipientKey();
  const rows = [['where', 'without µs', 'with µs', 'added µs']];
  const row = (where, { plain, watched }) => rows.push([where, plain.toFixed(1), watched.toFixed(1), (watched - plain).toFixed(1)]);
  row('Node, real fetch over loopback', await inNode(publicKey));
  const page = await inChromium(publicKey);
  if (page !== undefined) row('Chromium, fetch that resolves at once', page);
  printTable(rows);
  if (page === undefined) console.log('  Chromium is not installed: apt-get install -y chromium');
}
