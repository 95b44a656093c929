import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FAILURE_TYPES } from '../../../protocol/src/kinds.js';
import { diagnose } from '../../../sdk-node/src/diagnose.js';
import type { ErrorFacts, Evidence } from '../../../sdk-node/src/diagnose.js';
import { factsOf, wasAnsweredByAnother } from '../../../sdk-node/src/error-facts.js';
import { afterRequest, closeAll, closedPort, makeCertificates, tls } from './faults.js';

/** Evidence as the lab saw it on Node 20.20, where a unit test cannot make the fault itself. */
function concluded(error: Partial<ErrorFacts>, more: Partial<Evidence> = {}): string {
  const facts = { name: 'Error', code: '', message: '', syscall: '', address: '', byPeer: false, ...error };
  const seen = {
    host: 'api.shop.example',
    scheme: 'https',
    stage: 'connect',
    exactStage: false,
    elapsedMs: 50,
    statusCode: 0,
    noNetwork: false,
  } as const;
  const diagnosis = diagnose({ ...seen, ...more, error: facts });
  return diagnosis ? `${diagnosis.type} ${diagnosis.kind} ${diagnosis.phase} ${diagnosis.confidence}` : 'aborted';
}

describe('diagnose', () => {
  const cases: [what: string, error: Partial<ErrorFacts>, more: Partial<Evidence>, concluded: string][] = [
    ['a resolver that refuses', { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }, { elapsedMs: 15 }, 'dns.failed dns dns 0.9'],
    ['a resolver that is silent', { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }, { elapsedMs: 10_200 }, 'dns.unreachable dns dns 0.9'],
    ['a machine without network', { code: 'EAI_AGAIN' }, { noNetwork: true }, 'client.offline offline unknown 0.95'],
    ['a local name without network', { code: 'EAI_AGAIN' }, { noNetwork: true, host: 'db.localhost' }, 'dns.failed dns dns 0.9'],
    [
      'a name that does not exist, although no interface is up',
      { code: 'ENOTFOUND' },
      { noNetwork: true },
      'dns.name_not_resolved dns dns 0.95',
    ],
    ['a name led to this machine', { code: 'ECONNREFUSED', address: '127.0.0.1' }, {}, 'dns.address_changed dns dns 0.8'],
    [
      'a closed port of another loopback address',
      { code: 'ECONNREFUSED', address: '127.0.1.2' },
      {},
      'tcp.refused routing connection 0.95',
    ],
    [
      'a closed port of localhost',
      { code: 'ECONNREFUSED', address: '127.0.0.1' },
      { host: 'localhost' },
      'tcp.refused routing connection 0.95',
    ],
    ['an unreachable host', { code: 'EHOSTUNREACH' }, {}, 'tcp.address_unreachable routing connection 0.95'],
    ['dropped SYNs, with http', { code: 'ETIMEDOUT', syscall: 'connect' }, {}, 'tcp.timed_out routing connection 0.95'],
    [
      'a connection that went silent',
      { code: 'ETIMEDOUT', syscall: 'read' },
      { stage: 'request' },
      'tcp.timed_out timeout application 0.95',
    ],
    ['dropped SYNs, with fetch', { code: 'UND_ERR_CONNECT_TIMEOUT' }, {}, 'tcp.timed_out routing connection 0.6'],
    ['RST right after accept', { code: 'ECONNRESET', syscall: 'connect' }, {}, 'tcp.reset tls connection 0.9'],
    [
      'RST right after accept, without TLS',
      { code: 'ECONNRESET', syscall: 'connect' },
      { scheme: 'http' },
      'tcp.reset routing connection 0.9',
    ],
    ['RST after ClientHello', { code: 'ECONNRESET', syscall: 'read' }, {}, 'tcp.reset tls connection 0.9'],
    [
      'undici waiting for headers',
      { code: 'UND_ERR_HEADERS_TIMEOUT', name: 'HeadersTimeoutError' },
      { stage: 'request' },
      'abandoned timeout application 0.9',
    ],
    ['a timer while the name was resolved', { name: 'TimeoutError' }, { stage: 'lookup', exactStage: true }, 'dns.unreachable dns dns 0.7'],
    ['a timer while connecting', { name: 'TimeoutError' }, { stage: 'connect', exactStage: true }, 'tcp.timed_out routing connection 0.7'],
    ['a timer of a library', { message: 'Timeout of 3000ms exceeded' }, { stage: 'request' }, 'abandoned timeout application 0.9'],
    ['patience lost after 12 s', { name: 'AbortError' }, { stage: 'request', elapsedMs: 12_000 }, 'abandoned timeout application 0.5'],
    ['patience lost after 2 s', { name: 'AbortError' }, { stage: 'request', elapsedMs: 2_000 }, 'aborted'],
    [
      'a request destroyed while the name was resolved',
      { code: 'ECONNRESET', message: 'socket hang up' },
      { stage: 'lookup', exactStage: true, elapsedMs: 80 },
      'aborted',
    ],
    ['a request destroyed in the handshake', { code: 'ECONNRESET', message: 'socket hang up' }, { stage: 'handshake' }, 'aborted'],
    [
      'a request destroyed after 12 s',
      { code: 'ECONNRESET', message: 'socket hang up' },
      { stage: 'request', elapsedMs: 12_000 },
      'abandoned timeout application 0.5',
    ],
    [
      'a request cancelled with axios',
      { code: 'ERR_CANCELED', name: 'CanceledError', message: 'canceled' },
      { stage: 'request' },
      'aborted',
    ],
    [
      "axios's own time limit",
      { code: 'ECONNABORTED', message: 'timeout of 3000ms exceeded' },
      { stage: 'request' },
      'abandoned timeout application 0.9',
    ],
    [
      "axios's own time limit by its clearer code",
      { code: 'ETIMEDOUT', message: 'timeout of 3000ms exceeded' },
      { stage: 'lookup', exactStage: true },
      'dns.unreachable dns dns 0.7',
    ],
    ['a connection that this system aborted', { code: 'ECONNABORTED', syscall: 'connect' }, {}, 'tcp.aborted routing connection 0.8'],
    ['a request of a client that was closed', { code: 'UND_ERR_DESTROYED' }, {}, 'aborted'],
    [
      'a client certificate asked for',
      { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' },
      {},
      'tls.bad_client_auth_cert tls connection 0.9',
    ],
    ['a certificate not valid yet', { code: 'CERT_NOT_YET_VALID' }, {}, 'tls.cert.date_invalid tls connection 0.95'],
    ['a packet filter on this machine', { code: 'EPERM', syscall: 'connect' }, {}, 'policy.blocked blocked connection 0.7'],
    ['a code of the future', { code: 'E_NEW' }, {}, 'unknown unknown connection 0.5'],
  ];
  for (const [what, error, more, expected] of cases)
    it(`concludes ${expected} from ${what}`, () => expect(concluded(error, more)).toBe(expected));

  it('gives only types of the list and a confidence of 0 to 1, whatever it is shown', () => {
    const codes = fc.constantFrom('', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'HPE_X', 'ERR_SSL_X', 'EPROTO', 'constructor', 'ETIMEDOUT');
    fc.assert(
      fc.property(
        fc.record({
          code: codes,
          name: fc.constantFrom('Error', 'TimeoutError', 'AbortError'),
          message: fc.string(),
          syscall: fc.constantFrom('', 'read'),
          byPeer: fc.boolean(),
        }),
        fc.record({
          stage: fc.constantFrom('unknown', 'lookup', 'connect', 'handshake', 'request', 'response'),
          exactStage: fc.boolean(),
          elapsedMs: fc.nat(),
          statusCode: fc.constantFrom(0, 200),
          noNetwork: fc.boolean(),
        }),
        (error, more) => {
          const diagnosis = diagnose({ host: 'a.example', scheme: 'https', ...more, error: { address: '', ...error } } as Evidence);
          if (!diagnosis) return true;
          return (FAILURE_TYPES as readonly string[]).includes(diagnosis.type) && diagnosis.confidence >= 0 && diagnosis.confidence <= 1;
        },
      ),
    );
  });
});

describe('factsOf', () => {
  it('reads the first error of several addresses, and the reason of an abort', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect', address: '10.0.0.1' });
    expect(factsOf(new AggregateError([refused]), false)).toMatchObject({ code: 'ECONNREFUSED', address: '10.0.0.1', syscall: 'connect' });
    expect(
      factsOf(Object.assign(new Error('aborted'), { name: 'AbortError', cause: new DOMException('', 'TimeoutError') }), false),
    ).toMatchObject({ name: 'TimeoutError' });
  });

  it('takes anything that may be thrown', () => {
    for (const thrown of [undefined, null, 'text', 7, {}, { code: 7, message: null }])
      expect(factsOf(thrown, false)).toMatchObject({ name: 'Error', code: '' });
  });
});

describe('wasAnsweredByAnother', () => {
  afterAll(closeAll);
  const asked = (url: string): Promise<boolean> =>
    fetch(url, { redirect: 'error' }).then(
      () => false,
      (error: unknown) => wasAnsweredByAnother(error),
    );

  it('knows a sign-in page by its redirect, its certificate, or its plain text', async () => {
    const redirect = await afterRequest((s) => s.end('HTTP/1.1 302 Found\r\nLocation: http://login.invalid/\r\nContent-Length: 0\r\n\r\n'));
    const plain = await afterRequest((s) => s.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await asked(`http://127.0.0.1:${redirect}/`)).toBe(true);
    expect(await asked(`https://127.0.0.1:${await tls(makeCertificates().selfSigned)}/`)).toBe(true);
    expect(await asked(`https://127.0.0.1:${plain}/`)).toBe(true);
  });

  it('takes nobody for an answer where there is none', async () => {
    const closes = await afterRequest((s) => s.destroy());
    expect(await asked(`http://127.0.0.1:${await closedPort()}/`)).toBe(false);
    expect(await asked(`http://127.0.0.1:${closes}/`)).toBe(false);
    for (const thrown of [undefined, null, 'text', new Error('fetch failed')]) expect(wasAnsweredByAnother(thrown)).toBe(false);
  });
});
