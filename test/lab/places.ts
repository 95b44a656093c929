/** Where everything is in the lab. Addresses of documentation ranges (RFC 5737); names of reserved domains. */
export const CLIENT = '10.10.1.2';
export const ACCESS = '10.10.1.1';
/** The resolver of the access network; behind the router, as it is for most clients. */
export const RESOLVER = '10.10.53.53';

export const SERVICE_NETWORK = '203.0.113.0/24';
export const ELSEWHERE_NETWORK = '198.51.100.0/24';

export const SERVICE = '203.0.113.10';
/** A healthy second address of the service. */
export const SERVICE_TWO = '203.0.113.11';
/** In the service's network, but somebody else's server with a certificate of its own. */
export const STRANGER = '203.0.113.99';

export const PAGE = '198.51.100.10';
export const COLLECTOR = '198.51.100.11';
export const COLLECTOR_TWO = '198.51.100.12';
/** Where Chromium's own Network Error Logging reports to. */
export const NEL_COLLECTOR = '198.51.100.13';
/** Answers for the service's zone, well or badly. */
export const NAME_SERVER = '198.51.100.53';

/** All packets to here are lost. */
export const NOWHERE = '192.0.2.1';

export const API_NAME = 'api.service.test';
/** Another name of the same server, in a zone of its own. */
export const ALTERNATIVE_NAME = 'api.alt.test';
/** The same server with the same certificate; faults of port 443 do not reach it. */
export const SECOND_PORT = 8443;
export const STUN_PORT = 3478;
/** Nobody accepts connections there. */
export const FULL_PORT = 444;
export const STRANGER_NAME = 'stranger.test';
export const PAGE_NAME = 'app.example.test';
export const NEL_NAME = 'nel.example.com';
export const COLLECTOR_NAMES = ['c1.example.net', 'c2.example.org'] as const;

/** How many landmarks a client knows: none, two (another name, a second port), or these and STUN and TURN over TLS. */
export const LANDMARKS = {
  none: [],
  two: [`https://${ALTERNATIVE_NAME}/health`, `https://${API_NAME}:${SECOND_PORT}/health`],
  stun: [
    `https://${ALTERNATIVE_NAME}/health`,
    `https://${API_NAME}:${SECOND_PORT}/health`,
    `stun:${API_NAME}:${STUN_PORT}`,
    `turns:${API_NAME}:443?transport=tcp`,
  ],
} satisfies Record<string, readonly string[]>;
export type Landmarks = keyof typeof LANDMARKS;
