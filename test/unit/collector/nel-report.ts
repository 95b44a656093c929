/** A report as Chromium posts it, with all that must not be kept. */
import { HOST } from './sealed.js';

export const SECRETS = {
  path: '/cart/of-mallory',
  query: 'token=s3cr3t',
  referrer: 'https://www.shop.example/account/4711',
  server: '203.0.113.77',
  agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0',
};

export const report = (body: object = {}, change: object = {}): Record<string, unknown> => ({
  age: 42_000,
  type: 'network-error',
  url: `https://${HOST}${SECRETS.path}?${SECRETS.query}`,
  user_agent: SECRETS.agent,
  body: {
    elapsed_time: 1_234,
    method: 'PATCH',
    phase: 'connection',
    protocol: 'http/1.1',
    referrer: SECRETS.referrer,
    sampling_fraction: 0.5,
    server_ip: SECRETS.server,
    status_code: 0,
    type: 'tls.cert.date_invalid',
    ...body,
  },
  ...change,
});
