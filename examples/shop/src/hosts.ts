/** Where each of the shop's faults lives: a host of its own, so that reports tell them apart. Pure. */

/** Loopback addresses of the faults. Debian binds all of 127.0.0.0/8. */
export const FAULT_ADDRESSES = {
  closed: '127.0.3.1',
  mute: '127.0.3.2',
  expired: '127.0.3.3',
  wrongName: '127.0.3.4',
  selfSigned: '127.0.3.5',
  hangUp: '127.0.3.6',
  broken: '127.0.3.7',
  noCors: '127.0.3.8',
} as const;

/** The name that no resolver knows: `.invalid` is reserved for that (RFC 6761 §6.4). */
export const UNRESOLVABLE_HOST = 'payments.shop.invalid';

/** The hosts that the page's agent watches: the shop and its faults. */
export const PAGE_HOSTS: readonly string[] = ['127.0.0.1', 'localhost', UNRESOLVABLE_HOST, ...Object.values(FAULT_ADDRESSES)];

/** The project that the page's agent reports to. */
export const PAGE_PROJECT = 'shop-dev';
