/** The shop's failures: one server each, and the words that the page shows for them. */
import { makeShopCertificates } from './certificates.js';
import { FAULT_ADDRESSES as AT, UNRESOLVABLE_HOST } from './hosts.js';
import { findClosedPort, startAnswering, startHangUp, startMute, startTls, type FaultServer } from './fault-servers.js';

export interface Fault {
  readonly id: string;
  /** What the button says. */
  readonly label: string;
  /** What really happens when it is clicked, in one sentence. */
  readonly happens: string;
  /** Where the page's request goes. */
  readonly url: string;
}

export interface Faults {
  readonly faults: readonly Fault[];
  /** The demo's own authority, PEM: a client that trusts it sees each certificate's one fault alone. */
  readonly authorityCert: string;
  close(): Promise<void>;
}

/**
 * Starts every fault on real sockets.
 *
 * @param allowedOrigins - Origins whose scripts may read the 503 answer; the "no CORS header" server allows none.
 */
export async function startFaults(allowedOrigins: readonly string[]): Promise<Faults> {
  const certificates = makeShopCertificates();
  const servers: FaultServer[] = [];
  const keep = async (starting: Promise<FaultServer>): Promise<number> => {
    const server = await starting;
    servers.push(server);
    return server.port;
  };
  const closed = await findClosedPort(AT.closed);
  const mute = await keep(startMute(AT.mute));
  const expired = await keep(startTls(AT.expired, certificates.expired));
  const wrongName = await keep(startTls(AT.wrongName, certificates.wrongName));
  const selfSigned = await keep(startTls(AT.selfSigned, certificates.selfSigned));
  const hangUp = await keep(startHangUp(AT.hangUp));
  const broken = await keep(
    startAnswering(AT.broken, (request, response) => {
      const origin = request.headers.origin ?? '';
      if (allowedOrigins.includes(origin)) response.setHeader('access-control-allow-origin', origin);
      response.writeHead(503, { 'content-type': 'application/json' }).end('{"error":"the stock service is down"}');
    }),
  );
  const noCors = await keep(
    startAnswering(AT.noCors, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"points":120}');
    }),
  );

  const at = (scheme: 'http' | 'https', host: string, port: number, path: string): string => `${scheme}://${host}:${port}${path}`;
  const faults: Fault[] = [
    {
      id: 'unresolvable',
      label: 'A name that does not resolve',
      happens: `asks for ${UNRESOLVABLE_HOST}, which no resolver knows`,
      url: `http://${UNRESOLVABLE_HOST}/pay`,
    },
    {
      id: 'closed',
      label: 'A closed port',
      happens: 'connects to a port where nothing listens',
      url: at('http', AT.closed, closed, '/cart'),
    },
    {
      id: 'mute',
      label: 'A server that never answers',
      happens: 'the server takes the request and stays silent; the page gives up after 4 s',
      url: at('http', AT.mute, mute, '/cart'),
    },
    {
      id: 'expired',
      label: 'An expired certificate',
      happens: 'the certificate ran out a day ago',
      url: at('https', AT.expired, expired, '/login'),
    },
    {
      id: 'wrong-name',
      label: 'A certificate for another name',
      happens: 'the certificate is for another-shop.example',
      url: at('https', AT.wrongName, wrongName, '/login'),
    },
    {
      id: 'self-signed',
      label: 'A self-signed certificate',
      happens: 'nobody vouches for the certificate',
      url: at('https', AT.selfSigned, selfSigned, '/login'),
    },
    {
      id: 'hang-up',
      label: 'Connection closed without an answer',
      happens: 'the server reads the request and hangs up',
      url: at('http', AT.hangUp, hangUp, '/order'),
    },
    { id: 'http-503', label: 'HTTP 503', happens: 'the server answers that it is down', url: at('http', AT.broken, broken, '/stock') },
    {
      id: 'no-cors',
      label: 'A missing CORS header',
      happens: 'the server answers, but does not let this page read the answer',
      url: at('http', AT.noCors, noCors, '/points'),
    },
  ];
  return {
    faults,
    authorityCert: certificates.authority.cert,
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
