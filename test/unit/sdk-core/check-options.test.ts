import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../../sdk-core/src/index.js';
import type { OutcryOptions } from '../../../sdk-core/src/index.js';
import { optionsFor, RECEIPT } from './place.js';

const check = (more: object, source: 'sdk-browser' | 'sdk-node' = 'sdk-browser') =>
  checkOptions({ ...optionsFor(['https://c1.example.net']), ...more } as OutcryOptions, source);

describe('checkOptions', () => {
  it('fills in the defaults', () => {
    const given = optionsFor(['https://c1.example.net', 'https://192.0.2.7/']);
    Reflect.deleteProperty(given, 'witnesses');
    expect(checkOptions(given, 'sdk-browser')).toMatchObject({
      hosts: ['api.shop.example'],
      collectors: ['https://c1.example.net', 'https://192.0.2.7'],
      witnesses: ['https://c1.example.net/v1/witness', 'https://192.0.2.7/v1/witness'],
      consent: 'unknown',
      samplePpm: 1_000_000,
      panelPpm: 1_000_000,
      maxBytesPerDay: 1_000_000,
      count4xx: false,
    });
  });

  it('takes host names in any case and without their port', () => {
    expect(check({ hosts: ['API.Shop.Example:8443', '[::1]', '127.0.0.1:80'] }).hosts).toEqual(['api.shop.example', '[::1]', '127.0.0.1']);
  });

  it('takes plain http on loopback only', () => {
    for (const collector of ['http://127.0.0.2:4711', 'http://localhost:1', 'http://[::1]:1', 'http://c.localhost:1'])
      expect(check({ collectors: [collector] }).collectors).toEqual([collector]);
    for (const collector of ['http://c1.example.net', 'http://192.0.2.7', 'http://127.example.net'])
      expect(() => check({ collectors: [collector] })).toThrow(/^OUTCRY_BAD_COLLECTOR_URL: collectors/);
  });

  const wrong: [name: string, value: unknown, code?: string][] = [
    ['project', ''],
    ['project', 'Shop'],
    ['project', undefined],
    ['release', 'a b'],
    ['release', 'x'.repeat(41)],
    ['hosts', []],
    ['hosts', 'api.shop.example'],
    ['hosts', ['https://api.shop.example']],
    ['hosts', [7]],
    ['collectors', [], 'OUTCRY_BAD_COLLECTOR_URL'],
    ['collectors', ['https://c1.example.net/v1/reports'], 'OUTCRY_BAD_COLLECTOR_URL'],
    ['collectors', ['https://user:secret@c1.example.net'], 'OUTCRY_BAD_COLLECTOR_URL'],
    ['collectors', ['c1.example.net'], 'OUTCRY_BAD_COLLECTOR_URL'],
    ['collectors', ['wss://c1.example.net'], 'OUTCRY_BAD_COLLECTOR_URL'],
    ['collectors', Array.from({ length: 17 }, (_, i) => `https://c${i}.example.net`), 'OUTCRY_BAD_COLLECTOR_URL'],
    ['recipientKey', undefined, 'OUTCRY_BAD_PUBLIC_KEY'],
    ['recipientKey', 'AAAA', 'OUTCRY_BAD_PUBLIC_KEY'],
    ['recipientKey', '!'.repeat(43), 'OUTCRY_BAD_PUBLIC_KEY'],
    ['configKey', 'AAAA', 'OUTCRY_BAD_PUBLIC_KEY'],
    ['minConfigVersion', -1],
    ['minConfigVersion', 1.5],
    ['witnesses', ['http://w.example.net/v1/witness']],
    ['witnesses', 'https://w.example.net'],
    ['landmarks', []],
    ['landmarks', { 'other.example': ['https://alt.example'] }],
    ['landmarks', { 'api.shop.example': ['ftp://alt.example'] }],
    ['routes', ['/a b']],
    ['routes', '/cart'],
    ['sample', 1.1],
    ['sample', '0.5'],
    ['sample', { reports: -1 }],
    ['maxBytesPerDay', 999],
    ['maxBytesPerDay', Infinity],
    ['count4xx', 'yes'],
    ['debug', 1],
    ['beforeSend', 'drop'],
    ['store', ''],
    ['store', 5],
    ['consent', 'yes'],
    ['collector', 'https://c1.example.net'],
  ];
  for (const [name, value, code = 'OUTCRY_BAD_OPTION'] of wrong)
    it(`refuses ${name}: ${JSON.stringify(value)?.slice(0, 60)} with ${code}`, () => {
      let thrown: unknown;
      try {
        check({ [name]: value });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ name: 'OutcryError', code });
      expect((thrown as Error).message).toContain(name);
    });

  it('asks for a receipt of granted consent in a browser, and takes the operator as one in Node', () => {
    expect(() => check({ consent: 'granted' })).toThrow('OUTCRY_CONSENT_WITHOUT_RECEIPT');
    expect(() => check({ consent: 'granted', receipt: { ...RECEIPT, method: 'operator' } })).toThrow('OUTCRY_BAD_RECEIPT: method');
    expect(check({ consent: 'granted', receipt: RECEIPT }).receipt).toEqual(RECEIPT);
    expect(check({ consent: 'granted' }, 'sdk-node').receipt).toMatchObject({ method: 'operator', text: 'operator' });
  });

  it('matches routes by segments and never by parts of them', () => {
    const { routes } = check({ routes: ['/cart/:id', '/files/*', '/a.b'] });
    const name = (path: string): string | undefined => routes.find(([, match]) => match.test(path))?.[0];
    expect(['/cart/7', '/cart/7/x', '/cart/', '/files/x/y', '/a.b', '/aXb', '/x/cart/7'].map(name)).toEqual([
      '/cart/:id',
      undefined,
      undefined,
      '/files/*',
      '/a.b',
      undefined,
      undefined,
    ]);
  });
});
