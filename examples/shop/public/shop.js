/** The shop's page: consent, the buttons, and what becomes of each request. The agent does nothing before consent. */
import { makeLog } from './log.js';

const byId = (id) => document.getElementById(id);
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

const question = document.querySelector('outcry-consent');

function showConsent() {
  byId('undecided').hidden = agent.consent !== 'unknown';
  byId('agreed').hidden = agent.consent !== 'granted';
  byId('refused').hidden = agent.consent !== 'denied';
}

question.addEventListener('outcry-consent', () => {
  byId('refused-text').textContent = 'You said no: nothing is watched, stored or sent.';
  showConsent();
});
byId('decide').addEventListener('click', () => question.open());
byId('reconsider').addEventListener('click', () => question.open());
byId('withdraw').addEventListener('click', async () => {
  await agent.setConsent('denied');
  log.erase();
  byId('refused-text').textContent = 'Withdrawn: queue, keys and receipts on this device are erased. Nothing is watched, stored or sent.';
  showConsent();
});
document.querySelector('#agreed details').addEventListener('toggle', () => {
  byId('preview').textContent = JSON.stringify(agent.preview().next, null, 1);
});
showConsent();
// Asks, unless this browser has an earlier decision.
question.agent = agent;

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
