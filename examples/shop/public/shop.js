/** The shop's page: consent, the buttons, and what becomes of each request. The agent does nothing before consent. */
import { makeLog } from './log.js';

const byId = (id) => document.getElementById(id);
const CONSENT_VERSION = 'shop-1';
const GIVE_UP_MS = 4000;

const settings = await (await fetch('/settings.json')).json();
const agent = window.outcry.init({
  project: settings.project,
  release: settings.release,
  hosts: settings.hosts,
  collectors: settings.collectors,
  recipientKey: settings.recipient_key,
});
const log = makeLog(byId('log'));
agent.onEvent?.((event) => log.hear(event));

/* Consent */

const consentText = `When a request of this page fails, may it send a sealed report to ${settings.collectors.join(' and ')}? It says
which of the hosts ${settings.hosts.join(', ')} failed, how and when (to 10 seconds), and the family of your browser and system. It holds no
address, no path and no name. Until you agree nothing is watched, stored or sent; if you withdraw, everything is erased.`.replace(
  /\s+/g,
  ' ',
);
byId('consent-text').textContent = consentText;

async function hashOf(text) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return window
    .btoa(String.fromCharCode(...digest))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function showConsent() {
  byId('ask').hidden = agent.consent !== 'unknown';
  byId('agreed').hidden = agent.consent !== 'granted';
  byId('refused').hidden = agent.consent !== 'denied';
}

async function decide(state) {
  if (state === 'granted') {
    const receipt = { text: CONSENT_VERSION, textHash: await hashOf(consentText), at: new Date().toISOString(), method: 'dialog' };
    await agent.setConsent('granted', receipt);
  } else {
    await agent.setConsent(state);
    log.erase();
  }
  showConsent();
}

byId('agree').addEventListener('click', () => decide('granted'));
byId('refuse').addEventListener('click', () => decide('denied'));
byId('withdraw').addEventListener('click', async () => {
  await decide('denied');
  byId('refused-text').textContent = 'Withdrawn: queue, keys and receipts on this device are erased. Nothing is watched, stored or sent.';
});
byId('reconsider').addEventListener('click', () => {
  byId('ask').hidden = false;
  byId('refused').hidden = true;
});
document.querySelector('#agreed details').addEventListener('toggle', () => {
  byId('preview').textContent = JSON.stringify(agent.preview().next, null, 1);
});
showConsent();

/* The failures */

async function tryFault(fault, button) {
  button.disabled = true;
  byId('empty').hidden = true;
  const isWatched = agent.consent === 'granted';
  const entry = log.begin(fault, isWatched);
  const startedMs = performance.now();
  const took = () => `after ${Math.round(performance.now() - startedMs)} ms`;
  try {
    const response = await fetch(fault.url, { signal: AbortSignal.timeout(GIVE_UP_MS) });
    log.ended(entry, `an answer with status ${response.status}, ${took()}`);
  } catch (error) {
    log.ended(entry, `${error.name}: ${error.message} (${took()})`);
  }
  button.disabled = false;
}

for (const fault of settings.faults) {
  const button = document.createElement('button');
  button.type = 'button';
  button.id = `fault-${fault.id}`;
  button.append(fault.label);
  const happens = document.createElement('small');
  happens.textContent = fault.happens;
  button.append(happens);
  button.addEventListener('click', () => tryFault(fault, button));
  byId('faults').append(button);
}
byId('live').href = settings.live_url;

/* What works */

for (const { name, cents } of await (await fetch('/api/products')).json().catch(() => [])) {
  const item = document.createElement('li');
  item.textContent = `${name} ${(cents / 100).toFixed(2)} €`;
  byId('shelf').append(item);
}
