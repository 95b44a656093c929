/** The list of what became of each click: what the page saw, what the agent made of it, what was sealed and who took it. */
import { reportWords } from '/words.js';

const timeOfDay = (ms) => `${new Date(ms).toISOString().slice(11, 19)}Z`;
const seconds = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

function element(name, text, parent) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  parent?.append(made);
  return made;
}

/** Fields of a report with their values, folded away. */
function fieldList(failure) {
  const details = document.createElement('details');
  const names = Object.keys(failure);
  element('summary', `${names.length} fields, and no more`, details);
  element('pre', names.map((name) => `${name}: ${JSON.stringify(failure[name])}`).join('\n'), details);
  return details;
}

/** @param list - The `<ol>` that the entries go to, newest first. */
export function makeLog(list) {
  const entries = [];

  function row(entry, term, text) {
    if (!entry.rows.has(term)) {
      element('dt', term, entry.facts);
      entry.rows.set(term, element('dd', undefined, entry.facts));
    }
    const value = entry.rows.get(term);
    value.textContent = text;
    return value;
  }
  const waiting = (stage) => entries.filter((entry) => entry.stage === stage);

  return {
    /** A click: the request begins. */
    begin({ label, url }, isWatched) {
      const item = document.createElement('li');
      const title = element('h3', `${label} `, item);
      element('time', timeOfDay(Date.now()), title);
      const facts = element('dl', undefined, item);
      const entry = { facts, rows: new Map(), stage: isWatched ? 'begun' : 'unwatched', host: new URL(url).hostname };
      entries.unshift(entry);
      list.prepend(item);
      row(entry, 'asked', url);
      return entry;
    },
    /** What the page's own code got to know. */
    ended(entry, text) {
      row(entry, 'page saw', text);
      if (entry.stage === 'unwatched') row(entry, 'agent', 'did not look: you have not agreed');
      else if (entry.stage === 'begun') row(entry, 'agent', 'is looking at it …');
    },
    /** An event of the agent, for the click that it belongs to. */
    hear(event) {
      if (event.kind === 'diagnosed') {
        const { failure, evidence } = event;
        const entry = waiting('begun').findLast(({ host }) => host === failure.host);
        if (!entry) return;
        entry.stage = 'diagnosed';
        const cell = row(entry, 'agent', reportWords(failure));
        if (evidence.length > 0) element('div', `because: ${evidence.join(' ')}`, cell).className = 'note';
        row(entry, 'sealing', 'soon; identical repeats are folded into one report').append(fieldList(failure));
      } else if (event.kind === 'sealed') {
        for (const entry of waiting('diagnosed')) {
          entry.stage = 'sealed';
          const details = entry.rows.get('sealing')?.querySelector('details');
          const cell = row(
            entry,
            'sealing',
            `${event.bytes} bytes, sealed and signed (${event.reports} report${event.reports === 1 ? '' : 's'})`,
          );
          if (details) cell.append(details);
          row(entry, 'delivery', 'waits a few seconds at random, so that devices do not all come at once');
        }
      } else if (event.kind === 'delivered') {
        for (const entry of waiting('sealed')) {
          entry.stage = 'delivered';
          const since = event.sinceFailureMs === null ? '' : `, ${seconds(event.sinceFailureMs)} after the failure`;
          row(entry, 'delivery', `collector ${event.collector} took it in ${seconds(event.tookMs)}${since}`);
        }
      } else if (event.kind === 'dropped') {
        const entry = waiting('diagnosed')[0] ?? waiting('begun')[0];
        if (entry) row(entry, 'dropped', event.reason.replaceAll('_', ' '));
      }
    },
    /** Consent was withdrawn: what was not delivered is gone. */
    erase() {
      for (const entry of entries) {
        if (entry.stage === 'delivered' || entry.stage === 'unwatched') continue;
        entry.stage = 'erased';
        row(entry, 'erased', 'consent was withdrawn before it was delivered');
      }
    },
  };
}
