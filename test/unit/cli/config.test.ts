import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../../cli/src/config/load.js';
import { configSchema } from '../../../cli/src/config/schema.js';
import { DEFAULT_LIMITS } from '../../../collector/src/limits.js';
import { unknownVariables, VARIABLES } from '../../../cli/src/config/variables.js';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'outcry-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const write = (value: unknown): void =>
  writeFileSync(join(cwd, 'outcry.config.json'), typeof value === 'string' ? value : JSON.stringify(value));
const load = (env: NodeJS.ProcessEnv = {}, file?: string) => loadConfig({ cwd, env, file });
function problems(env: NodeJS.ProcessEnv = {}, file?: string): readonly string[] {
  try {
    load(env, file);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('configuration', () => {
  it('stands without file and variables', () => {
    const { config, file } = load();
    expect(file).toBeUndefined();
    expect(config.data_dir).toBe(join(cwd, 'outcry-data'));
    expect(config.collector).toMatchObject({ name: 'c1', host: '127.0.0.1', port: 4710, trust_proxy: [] });
    expect(config.analyzer).toMatchObject({ host: '127.0.0.1', port: 4720 });
    expect(config.projects['shop-dev']).toMatchObject({ stage: 'development', k: 10 });
  });

  it('takes the file, and the environment over it', () => {
    write({ projects: { app: { hosts: ['api.app.example'] } }, collector: { name: 'c7', port: 5000 } });
    const { config } = load({ OUTCRY_COLLECTOR_PORT: '5001', OUTCRY_TRUST_PROXY: '10.0.0.0/8, ::1' });
    expect(config.collector).toMatchObject({ name: 'c7', port: 5001, trust_proxy: ['10.0.0.0/8', '::1'] });
    expect(Object.keys(config.projects)).toEqual(['app']);
  });

  it('counts an empty variable as not set', () => {
    expect(load({ OUTCRY_COLLECTOR_PORT: '' }).config.collector.port).toBe(4710);
  });

  it('names every wrong value, each by where it was set', () => {
    write({
      projects: { App: { hosts: [] }, shop: { hosts: ['https://shop.example'], k: 1 } },
      colector: {},
      analyzer: { host: '0.0.0.0' },
    });
    const found = problems({ OUTCRY_COLLECTOR_PORT: '70000', OUTCRY_DEMO_AGENTS: 'many', OUTCRY_TRUST_PROXY: '10.0.0.0/8,nonsense' });
    const file = join(cwd, 'outcry.config.json');
    expect(found).toContain('OUTCRY_COLLECTOR_PORT must be at most 65535 (it is 70000)');
    expect(found).toContain('OUTCRY_DEMO_AGENTS must be a whole number between 60 and 2000 agents (it is "many")');
    expect(found).toContain('OUTCRY_TRUST_PROXY must be an address or a network such as 10.0.0.0/8 (it is "nonsense")');
    expect(found).toContain('colector is not a setting');
    expect(found).toContain(`analyzer.host in ${file} must be a loopback address, since there is no sign-in yet (it is "0.0.0.0")`);
    expect(found).toContain(`projects.shop.k in ${file} must be at least 2 devices (it is 1)`);
    expect(found.some((line) => line.startsWith('projects.App'))).toBe(true);
    expect(found.some((line) => line.startsWith('projects.shop.hosts.0'))).toBe(true);
    expect(found.length).toBeGreaterThanOrEqual(8);
  });

  it('never repeats a password', () => {
    expect(problems({ OUTCRY_STORAGE_PASSWORD: 'hunter2', OUTCRY_STORAGE_URL: 'ftp://x' }).join('\n')).not.toContain('hunter2');
    write({ storage: { password: 12345 } });
    expect(problems().join('\n')).toMatch(/storage\.password/);
    expect(problems().join('\n')).not.toContain('12345');
  });

  it('never repeats a URL, which may hold a password, wherever it was set', () => {
    const url = 'ftp://admin:hunter2@db.internal:8123';
    write({
      projects: { app: { hosts: [url] } },
      storage: { url },
      collector: { host: 7, name: url },
      analyzer: {
        server_metrics: [
          { project: 'app', host: 'api.app.example', url },
          { project: 'app', host: 'api.app.example', prometheus_url: url, requests_query: 'x' },
        ],
        alerts: { alertmanager_urls: [url, 'admin:hunter2@db'], public_url: url },
      },
    });
    const found = problems().join('\n');
    for (const setting of [
      'storage.url',
      'server_metrics.0.url',
      'prometheus_url',
      'alertmanager_urls.0',
      'alertmanager_urls.1',
      'hosts.0',
    ])
      expect(found).toContain(setting);
    expect(found).not.toContain('hunter2');
    expect(problems({ OUTCRY_STORAGE_URL: url }).join('\n')).not.toContain('hunter2');
  });

  it('says of a file that is no JSON where it stops to be, and nothing of what stands there', () => {
    const at = (text: string): string => {
      write(text);
      return /is not JSON: (.*)$/.exec(problems()[0] ?? '')?.[1] ?? '';
    };
    expect(at('{ "storage": {\n  "password": "hunter2"\n  "url": "x"\n} }')).toBe('line 3, column 3');
    expect(at('{ "storage": { "password": hunter2 } }')).toBe('line 1, column 28');
    expect(at('{\n "password": "hunter2')).toBe('line 2, column 14');
    expect(at('{ "a": [1, {}, [], {"b": -0.5e3}], }')).toBe('line 1, column 36');
    expect(at('{ "a": 1 } hunter2')).toBe('line 1, column 12');
    expect(at('{ "a": [1\n')).toBe('line 2, column 1');
    expect(at('')).toBe('line 1, column 1');
    expect(at('{"a" 1}')).toBe('line 1, column 6');
    expect(at('[1, 2')).toBe('line 1, column 6');
  });

  it('names a file that is missing, is no JSON, or holds no object', () => {
    expect(problems({}, 'none.json')[0]).toMatch(/none\.json cannot be read \(ENOENT\)/);
    write('{');
    expect(problems()[0]).toMatch(/outcry\.config\.json is not JSON/);
    write('[]');
    expect(problems()[0]).toMatch(/must hold a JSON object/);
  });

  it('refuses server metrics of a project or host that is not configured', () => {
    const metrics = { project: 'app', host: 'other.example', url: 'http://127.0.0.1:1/metrics' };
    write({ projects: { app: { hosts: ['api.app.example'] } }, analyzer: { server_metrics: [metrics, { ...metrics, project: 'shop' }] } });
    expect(problems()).toEqual([
      'analyzer.server_metrics.0.host "other.example" is not among the hosts of "app"',
      'analyzer.server_metrics.1.project names "shop", which is not among projects',
    ]);
  });

  it('names files that do not exist', () => {
    expect(problems({ OUTCRY_TLS_CERT_FILE: '/none/c.pem', OUTCRY_TLS_KEY_FILE: '/none/k.pem' })).toEqual([
      'the file /none/c.pem does not exist',
      'the file /none/k.pem does not exist',
    ]);
    expect(problems({ OUTCRY_TLS_CERT_FILE: '/none/c.pem' })[0]).toMatch(/^collector\.tls\.key_file .*is missing/);
  });

  it('names certificate files that are none, without their content', () => {
    const pem = (name: string, text: string): string => {
      const file = join(cwd, name);
      writeFileSync(file, text);
      return file;
    };
    const one = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    const junk = pem('junk.pem', 'topsecret');
    const key = pem('key.pem', String(one));
    expect(problems({ OUTCRY_TLS_CERT_FILE: junk, OUTCRY_TLS_KEY_FILE: key })).toEqual([
      `collector.tls.cert_file ${junk} does not hold it in PEM`,
    ]);
    expect(problems({ OUTCRY_TLS_CERT_FILE: key, OUTCRY_TLS_KEY_FILE: junk })).toHaveLength(2);
    expect(problems({ OUTCRY_TLS_CERT_FILE: cwd, OUTCRY_TLS_KEY_FILE: key })).toEqual([
      `collector.tls.cert_file ${cwd} cannot be read (EISDIR)`,
    ]);
  });

  it('keeps reports of a project as long as storage does unless it says otherwise, and no shorter than late reports need', () => {
    write({ projects: { app: { hosts: ['api.app.example'], retention_days: 17 } }, storage: { retention_days: 10 } });
    expect(problems().map((problem) => problem.replace(/ in .*json/, ''))).toEqual([
      'projects.app.retention_days must be at least 18 days (it is 17)',
      'storage.retention_days must be at least 18 days (it is 10)',
    ]);
  });

  it('finds misspelt variables and leaves those of the tests alone', () => {
    expect(unknownVariables({ OUTCRY_PROT: '1', OUTCRY_DATA_DIR: 'x', OUTCRY_REQUIRE_ALL: '1', OUTCRY_TEST_RUN: 'y', PATH: '' })).toEqual([
      'OUTCRY_PROT',
    ]);
  });

  it('wants exactly one way to the metrics of a server, and never prints the address of a webhook or mail server', () => {
    const app = { hosts: ['api.app.example'] };
    const source = { project: 'app', host: 'api.app.example' };
    write({ projects: { app }, analyzer: { server_metrics: [source, { ...source, url: 'http://a.example', push_labels: {} }] } });
    for (const index of [0, 1])
      expect(problems().join('\n')).toMatch(
        new RegExp(`analyzer.server_metrics.${index}.*must have exactly one of url, prometheus_url and push_labels`),
      );
    write({
      projects: { app },
      analyzer: { alerts: { slack_url: 'ftp://secret', email: { smtp_url: 'http://secret', from: 'a@b', to: ['c@d'] } } },
    });
    expect(problems()).toHaveLength(2);
    expect(problems().join()).not.toContain('secret');
  });
});

describe('docs/reference/configuration.md', () => {
  const text = readFileSync(new URL('../../../docs/reference/configuration.md', import.meta.url), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));

  it('lists each variable beside its setting', () => {
    for (const { name, key } of VARIABLES)
      expect(
        rows.filter((row) => row.includes(`\`${key}\``) && row.includes(`\`${name}\``)),
        name,
      ).toHaveLength(1);
  });

  it('states the default of every setting that has a plain one', () => {
    const defaults = configSchema.parse({});
    for (const [group, value] of Object.entries({
      collector: defaults.collector,
      analyzer: defaults.analyzer,
      storage: defaults.storage,
      demo: defaults.demo,
    })) {
      for (const [name, given] of Object.entries(value)) {
        const row = rows.find((line) => line.startsWith(`| \`${group}.${name}\``));
        if (name === 'limits') continue;
        expect(row, `${group}.${name}`).toBeDefined();
        if (typeof given !== 'object') expect(row?.split('|')[4]?.trim(), `${group}.${name}`).toBe(`\`${String(given)}\``);
      }
    }
  });

  it("states the collector's own default of every limit that can be set", () => {
    const found = [...text.matchAll(/^\| `collector\.limits\.(\w+)`[^|]*\|[^|]*\|[^|]*\| `(\d+)`/gm)];
    expect(found).toHaveLength(9);
    for (const [, name = '', value] of found) {
      const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) as keyof typeof DEFAULT_LIMITS;
      expect(String(DEFAULT_LIMITS[camel]), name).toBe(value);
      expect(problems({}, ((): string => (write({ collector: { limits: { [name]: Number(value) } } }), 'outcry.config.json'))())).toEqual(
        [],
      );
    }
  });
});
