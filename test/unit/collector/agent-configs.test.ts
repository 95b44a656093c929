import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeConfigKey, signConfig } from '../../../cli/src/agent-config.js';
import { agentConfigs } from '../../../collector/src/http/agent-configs.js';
import type { LogEntry } from '../../../collector/src/log.js';

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'outcry-agents-'))));
afterEach(() => rmSync(dir, { recursive: true }));

const key = makeConfigKey();
const documentOf = (project: string, version: number): string =>
  JSON.stringify(signConfig({ format: 1, project, version, not_before: 1_000, not_after: 2_000 }, key));

function put(name: string, text: string): void {
  writeFileSync(join(dir, `${name}.new`), text);
  renameSync(join(dir, `${name}.new`), join(dir, name));
}

describe('the configurations that a collector serves', () => {
  it('are the files as they are, read again when they change', async () => {
    const configs = agentConfigs(
      dir,
      (project) => project === 'shop',
      () => undefined,
    );
    expect(await configs('shop')).toBeUndefined();
    put('shop.json', `${documentOf('shop', 1)}\n`);
    expect(await configs('shop')).toBe(documentOf('shop', 1));
    put('shop.json', documentOf('shop', 2));
    expect(await configs('shop')).toBe(documentOf('shop', 2));
    rmSync(join(dir, 'shop.json'));
    expect(await configs('shop')).toBeUndefined();
  });

  it('are of known projects only, whatever is asked for', async () => {
    const asked: string[] = [];
    const configs = agentConfigs(
      dir,
      (project) => asked.push(project) < 0,
      () => undefined,
    );
    put('other.json', documentOf('other', 1));
    for (const name of ['other', '../other', '__proto__', '', '%2e%2e']) expect(await configs(name)).toBeUndefined();
  });

  it('are not served when they are torn, too long or of another project, which is logged', async () => {
    const entries: LogEntry[] = [];
    const configs = agentConfigs(
      dir,
      () => true,
      (entry) => entries.push(entry),
    );
    for (const text of [documentOf('shop', 1).slice(0, -9), documentOf('other', 1), 'x'.repeat(100_000), '']) {
      put('shop.json', text);
      expect(await configs('shop')).toBeUndefined();
    }
    expect(entries).toHaveLength(4);
    expect(JSON.stringify(entries)).not.toContain('signature');
  });
});
