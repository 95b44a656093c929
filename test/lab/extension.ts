/** A browser extension that blocks the service, as content blockers do: one rule of declarativeNetRequest. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { API_NAME } from './places.js';

const MANIFEST = {
  manifest_version: 3,
  name: 'blocker',
  version: '1',
  permissions: ['declarativeNetRequest'],
  declarative_net_request: { rule_resources: [{ id: 'rules', enabled: true, path: 'rules.json' }] },
  browser_specific_settings: { gecko: { id: 'blocker@lab.test' } },
};
const RULES = [
  { id: 1, priority: 1, action: { type: 'block' }, condition: { urlFilter: `||${API_NAME}^`, resourceTypes: ['xmlhttprequest'] } },
];

/** Writes the extension and returns its folder. */
export function makeBlocker(): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'extension-')), 'blocker');
  mkdirSync(folder);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(MANIFEST));
  writeFileSync(join(folder, 'rules.json'), JSON.stringify(RULES));
  return folder;
}
