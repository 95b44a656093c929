/** Every environment variable and the setting it stands for. `docs/reference/configuration.md` is bound to this list by a test. */

export interface Variable {
  readonly name: string;
  /** The setting in `outcry.config.json`, with dots. */
  readonly key: string;
  readonly form: 'text' | 'number' | 'list';
  /** Its value is never printed. */
  readonly secret?: true;
}

export const VARIABLES: readonly Variable[] = [
  { name: 'OUTCRY_DATA_DIR', key: 'data_dir', form: 'text' },
  { name: 'OUTCRY_COLLECTOR_NAME', key: 'collector.name', form: 'text' },
  { name: 'OUTCRY_COLLECTOR_HOST', key: 'collector.host', form: 'text' },
  { name: 'OUTCRY_COLLECTOR_PORT', key: 'collector.port', form: 'number' },
  { name: 'OUTCRY_TRUST_PROXY', key: 'collector.trust_proxy', form: 'list' },
  { name: 'OUTCRY_TLS_CERT_FILE', key: 'collector.tls.cert_file', form: 'text' },
  { name: 'OUTCRY_TLS_KEY_FILE', key: 'collector.tls.key_file', form: 'text' },
  { name: 'OUTCRY_KEY_FILES', key: 'collector.key_files', form: 'list' },
  { name: 'OUTCRY_COLLECTOR_WORKERS', key: 'collector.workers', form: 'number' },
  { name: 'OUTCRY_STOP_DELAY_S', key: 'collector.stop_delay_s', form: 'number' },
  { name: 'OUTCRY_ANALYZER_HOST', key: 'analyzer.host', form: 'text' },
  { name: 'OUTCRY_ANALYZER_PORT', key: 'analyzer.port', form: 'number' },
  { name: 'OUTCRY_ANALYZER_INTERVAL_S', key: 'analyzer.interval_s', form: 'number' },
  { name: 'OUTCRY_FALSE_ALARMS_PER_WEEK', key: 'analyzer.false_alarms_per_week', form: 'number' },
  { name: 'OUTCRY_ALERTS_PUBLIC_URL', key: 'analyzer.alerts.public_url', form: 'text' },
  { name: 'OUTCRY_ALERTMANAGER_URLS', key: 'analyzer.alerts.alertmanager_urls', form: 'list' },
  { name: 'OUTCRY_SLACK_URL', key: 'analyzer.alerts.slack_url', form: 'text', secret: true },
  { name: 'OUTCRY_WEBHOOK_URLS', key: 'analyzer.alerts.webhook_urls', form: 'list', secret: true },
  { name: 'OUTCRY_HEARTBEAT_URL', key: 'analyzer.alerts.heartbeat_url', form: 'text', secret: true },
  { name: 'OUTCRY_SMTP_URL', key: 'analyzer.alerts.email.smtp_url', form: 'text', secret: true },
  { name: 'OUTCRY_STORAGE_URL', key: 'storage.url', form: 'text' },
  { name: 'OUTCRY_STORAGE_USERNAME', key: 'storage.username', form: 'text' },
  { name: 'OUTCRY_STORAGE_PASSWORD', key: 'storage.password', form: 'text', secret: true },
  { name: 'OUTCRY_STORAGE_DATABASE', key: 'storage.database', form: 'text' },
  { name: 'OUTCRY_STORAGE_CLUSTER', key: 'storage.cluster', form: 'text' },
  { name: 'OUTCRY_RETENTION_DAYS', key: 'storage.retention_days', form: 'number' },
  { name: 'OUTCRY_DEMO_SECOND_COLLECTOR_PORT', key: 'demo.second_collector_port', form: 'number' },
  { name: 'OUTCRY_DEMO_SHOP_PORT', key: 'demo.shop_port', form: 'number' },
  { name: 'OUTCRY_DEMO_AGENTS', key: 'demo.agents', form: 'number' },
  { name: 'OUTCRY_DEMO_HISTORY_MINUTES', key: 'demo.history_minutes', form: 'number' },
  { name: 'OUTCRY_DEMO_QUIET_S', key: 'demo.quiet_s', form: 'number' },
  { name: 'OUTCRY_DEMO_FAULT', key: 'demo.fault', form: 'text' },
];

/** Variables that are not settings but ours. */
const OTHERS = /^OUTCRY_(CONFIG|REQUIRE_ALL|TEST_.*)$/;

/** The values that the environment sets, as a nested object like the file's. Empty texts count as not set. */
export function readEnvironment(env: NodeJS.ProcessEnv): {
  readonly values: Record<string, unknown>;
  readonly set: ReadonlyMap<string, Variable>;
} {
  const values: Record<string, unknown> = {};
  const set = new Map<string, Variable>();
  for (const variable of VARIABLES) {
    const text = env[variable.name];
    if (text === undefined || text === '') continue;
    set.set(variable.key, variable);
    put(values, variable.key.split('.'), valueOf(text, variable.form));
  }
  return { values, set };
}

/** Names that begin with `OUTCRY_` and mean nothing: most likely misspelt. */
export function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = new Set(VARIABLES.map(({ name }) => name));
  return Object.keys(env).filter((name) => name.startsWith('OUTCRY_') && !known.has(name) && !OTHERS.test(name));
}

function valueOf(text: string, form: Variable['form']): unknown {
  if (form === 'text') return text;
  if (form === 'list')
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  // A text that is no number stays a text, so that the check names it.
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function put(into: Record<string, unknown>, [head = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) into[head] = value;
  else put((into[head] ??= {}) as Record<string, unknown>, rest, value);
}
