/** Every setting: name, type, bounds, default. */
import { isIP } from 'node:net';
import { HOST_PATTERN, PROJECT_PATTERN, ROUTE_PATTERN } from '@outcry/protocol';
import { PAGE_HOSTS, PAGE_PROJECT } from 'outcry-example-shop/hosts';
import { z } from 'zod';

const whole = (min: number, max: number, unit = '') =>
  z
    .number(`must be a whole number between ${min} and ${max}${unit}`)
    .int(`must be a whole number between ${min} and ${max}${unit}`)
    .min(min, `must be at least ${min}${unit}`)
    .max(max, `must be at most ${max}${unit}`);
const port = (byDefault: number) => whole(1, 65_535).default(byDefault);
const text = (max = 200) => z.string('must be a text').min(1, 'must not be empty').max(max, `must be at most ${max} characters`);
const address = () => text().refine((host) => isIP(host) !== 0 || host === 'localhost', 'must be an IP address');
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);
const isNetwork = (cidr: string): boolean => {
  const [ip = '', bits, ...more] = cidr.split('/');
  const version = isIP(ip);
  return (
    more.length === 0 && version !== 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
  );
};

export const projectSchema = z.strictObject({
  hosts: z
    .array(z.string().regex(HOST_PATTERN, 'must be a host name in lower case, without scheme and port'), 'must be a list of host names')
    .min(1, 'must name at least one host'),
  routes: z.array(z.string().regex(ROUTE_PATTERN, 'must be a route such as /cart/:id')).default([]),
  retention_days: whole(18, 3650, ' days').optional(),
  k: whole(2, 1000, ' devices').default(10),
  loss: z
    .strictObject({
      per_failed_request: z.number('must be a number').min(0, 'must be 0 or more'),
      currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency code such as EUR'),
    })
    .optional(),
  slo: z
    .strictObject({
      objective: z.number('must be a number').min(0.5, 'must be at least 0.5').max(0.999999, 'must be at most 0.999999'),
      window_days: whole(1, 90, ' days').default(30),
    })
    .optional(),
  stage: z.enum(['production', 'development'], 'must be "production" or "development"').default('production'),
  nel: z.boolean('must be true or false').default(false),
});

/** Limits of a collector that an operator may want to change; the others are in `docs/reference/collector.md`. */
const limits = z.strictObject({
  uploads_per_second: whole(1, 100_000, ' uploads').optional(),
  upload_burst: whole(1, 1_000_000, ' uploads').optional(),
  network_uploads_per_second: whole(1, 1_000_000, ' uploads').optional(),
  network_upload_burst: whole(1, 10_000_000, ' uploads').optional(),
  signers_per_hour: whole(1, 4096, ' keys').optional(),
  releases_per_day: whole(1, 100_000, ' releases').optional(),
  journal_entries: whole(1, 100_000_000, ' envelopes').optional(),
  journal_bytes: whole(1_000_000, 2 ** 42, ' bytes').optional(),
  min_free_bytes: whole(0, 2 ** 42, ' bytes').optional(),
});

const collector = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,39}$/, 'must be 1 to 40 lower-case letters, digits, dots and hyphens')
    .default('c1'),
  host: address().default('127.0.0.1'),
  port: port(4710),
  trust_proxy: z.array(z.string().refine(isNetwork, 'must be an address or a network such as 10.0.0.0/8')).default([]),
  tls: z.strictObject({ cert_file: text(4096), key_file: text(4096) }).optional(),
  key_files: z.array(text(4096)).default([]),
  agent_config_dir: text(4096).optional(),
  workers: whole(1, 256, ' processes').optional(),
  stop_delay_s: whole(0, 600, ' seconds').default(0),
  limits: limits.prefault({}),
});

const httpUrl = () => z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });

const serverMetrics = z
  .strictObject({
    project: z.string().regex(PROJECT_PATTERN, 'must be the name of a project'),
    host: z.string().regex(HOST_PATTERN, 'must be a host name'),
    url: httpUrl().optional(),
    prometheus_url: httpUrl().optional(),
    push_labels: z.record(z.string(), z.string('must be a text')).optional(),
    requests: text().optional(),
    status_label: text().optional(),
    requests_query: text(2000).optional(),
    latency_query: text(2000).optional(),
    saturation_query: text(2000).optional(),
    prober_query: text(2000).optional(),
    slices_query: text(2000).optional(),
    deploys_query: text(2000).optional(),
    bearer_token_file: text(4096).optional(),
  })
  .refine(
    (source) => [source.url, source.prometheus_url, source.push_labels].filter((way) => way !== undefined).length === 1,
    'must have exactly one of url, prometheus_url and push_labels',
  );

const mailAddress = z.string().regex(/^[^\s@<>,;]+@[^\s@<>,;]+$/, 'must be a mail address');
const alerts = z.strictObject({
  public_url: httpUrl().optional(),
  alertmanager_urls: z.array(httpUrl()).default([]),
  email: z
    .strictObject({
      smtp_url: z.url({ protocol: /^smtps?$/, error: 'must be an smtp or smtps URL' }),
      from: mailAddress,
      to: z.array(mailAddress).min(1, 'must name at least one mail address'),
    })
    .optional(),
  slack_url: httpUrl().optional(),
  webhook_urls: z.array(httpUrl()).default([]),
  heartbeat_url: httpUrl().optional(),
  page_from_clients: whole(1, 1_000_000, ' clients').default(20),
  page_uncorroborated: z.boolean('must be true or false').default(false),
});

const analyzer = z.strictObject({
  host: address().refine(isLoopback, 'must be a loopback address, since there is no sign-in yet').default('127.0.0.1'),
  port: port(4720),
  interval_s: whole(1, 300, ' seconds').default(5),
  false_alarms_per_week: z.number('must be a number').min(0.001, 'must be at least 0.001').max(1000, 'must be at most 1000').default(1),
  server_metrics: z.array(serverMetrics).default([]),
  alerts: alerts.optional(),
});

const storage = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
  username: text().optional(),
  password: z.string('must be a text').optional(),
  database: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'must be a ClickHouse database name')
    .optional(),
  cluster: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, 'must be a ClickHouse cluster name')
    .optional(),
  retention_days: whole(18, 3650, ' days').default(90),
});

const demo = z.strictObject({
  second_collector_port: port(4711),
  shop_port: port(4730),
  agents: whole(60, 2000, ' agents').default(240),
  history_minutes: whole(0, 360, ' minutes').default(120),
  quiet_s: whole(5, 3600, ' seconds').default(45),
  fault: z.enum(['mute', 'closed'], 'must be "mute" or "closed"').default('mute'),
});

/** The projects of the demo, taken where no file names others. */
export const DEMO_PROJECTS = {
  shop: { hosts: ['shop.demo.outcry.example'] },
  [PAGE_PROJECT]: { hosts: [...PAGE_HOSTS], stage: 'development' as const },
};

export const configSchema = z.strictObject({
  data_dir: text(4096).default('./outcry-data'),
  projects: z
    .record(z.string().regex(PROJECT_PATTERN, 'must be 1 to 40 lower-case letters, digits, dots, underscores and hyphens'), projectSchema, {
      error: (issue) => (issue.code === 'invalid_type' ? 'must be an object of projects by name' : undefined),
    })
    .refine((projects) => Object.keys(projects).length > 0, 'must name at least one project')
    .prefault(DEMO_PROJECTS),
  collector: collector.prefault({}),
  analyzer: analyzer.prefault({}),
  storage: storage.prefault({}),
  demo: demo.prefault({}),
});

export type Config = z.infer<typeof configSchema>;
