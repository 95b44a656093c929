/** The settings and commands that docs/tasks/first-evening.md prints work as printed. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receiversOf } from '../../../cli/src/commands/simulate-send.js';
import { loadConfig } from '../../../cli/src/config/load.js';
import { run } from '../../../cli/src/main.js';

const text = readFileSync(new URL('../../../docs/tasks/first-evening.md', import.meta.url), 'utf8');
const blocks = (language: string): string[] =>
  [...text.matchAll(new RegExp(`^ *\`\`\`${language}\n(.*?)^ *\`\`\``, 'gms'))].map((found) => found[1] ?? '');
const [live = '', rehearsal = ''] = blocks('json');
const command = /^ *outcry (simulate --send .*)$/m.exec(text)?.[1]?.split(' ') ?? [];

let cwd: string;
beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), 'outcry-evening-'))));
afterEach(() => rmSync(cwd, { recursive: true }));

const load = (settings: string) => {
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'outcry.config.json'), settings);
  return loadConfig({ cwd, env: {} }).config;
};

describe('the first evening', () => {
  it('rehearses on other ports than those of what is live', async () => {
    const [real, second] = [load(live), load(rehearsal)];
    const ports = [real.collector.port, real.analyzer.port, second.collector.port, second.analyzer.port];
    expect(new Set(ports).size).toBe(4);
    const analyzer = new URL(command[command.indexOf('--analyzer') + 1] ?? '');
    expect(Number(analyzer.port)).toBe(second.analyzer.port);
    const args = { collectors: [], recipientKey: 'A'.repeat(43), ratePerS: 1, speed: undefined, liveS: 1, analyzer, truthFile: undefined };
    expect(receiversOf(args, second).collectors.map(({ port }) => Number(port))).toEqual([second.collector.port]);
  });

  it('names the hosts of the world that its command makes, with what their servers counted', async () => {
    const config = load(rehearsal);
    const world = command.slice(1, command.indexOf('--live')).filter((word) => word !== '--send');
    const out: string[] = [];
    expect(await run(['simulate', ...world], { out: (line) => out.push(line), err: () => undefined, env: {}, cwd })).toBe(0);
    const { projects } = JSON.parse(out[0] ?? '') as { projects: Record<string, string[]> };
    expect(Object.fromEntries(Object.entries(config.projects).map(([name, { hosts }]) => [name, hosts]))).toEqual(projects);
    expect(config.analyzer.server_metrics.map(({ host }) => host)).toEqual(projects['shop']);
    expect(config.collector.trust_proxy).toEqual(['127.0.0.1']);
  });

  it('gives the command no option that it has not', async () => {
    const err: string[] = [];
    expect(await run([...command, '--help'], { out: () => undefined, err: (line) => err.push(line), env: {}, cwd })).toBe(0);
    expect(err).toEqual([]);
  });
});
