/** The verdict, rule by rule; the first that holds decides. Pure. */
import { areOffline } from './read-offline.js';
import type { ProberReading } from './read-probers.js';
import type { ServerReading } from './read-server.js';
import type { SpikeEvidence, VerdictName } from './verdict.js';

export interface Decision {
  readonly verdict: VerdictName;
  readonly byProbers?: true;
  readonly because: readonly string[];
  readonly wouldChange: readonly string[];
}

export function decide(spike: SpikeEvidence, server: ServerReading, probers: ProberReading, configured: boolean): Decision {
  const { place, type = null } = spike;
  const everywhere = !place.network && !place.country && !place.release;
  const isApart = errsApart(spike, server);
  const errorsTell = server.errorsUp && !isApart;
  const gaugesTell = !place.network && (server.slow || server.full) && ['timeout', 'http', 'unknown'].includes(spike.kind);
  // One prober may fail for reasons of its own; where clients of several networks fail too, it does not.
  const probersTell = probers.fail && (probers.several || (everywhere && spike.networksFailing > 1));
  // Anybody can say that he is offline: what the server and probers tell of themselves comes first.
  if (!errorsTell && !gaugesTell && !probersTell && areOffline(spike.offline, spike.failingClients)) {
    return {
      verdict: 'local',
      because: ['Beyond the usual, more clients of the same place report that their own connection is down than report this failure.'],
      wouldChange: ['Fewer clients without any connection while the failures go on.'],
    };
  }
  if (place.release && !place.network && !place.country) {
    return {
      verdict: 'release',
      because: ['The failures lie in one release of the app and in no particular network or country.'],
      wouldChange: ['The same failures in other releases.', 'A place that holds the failures better than the release does.'],
    };
  }
  if (errorsTell) {
    return {
      verdict: 'inside',
      because: ["The server's own share of errors rose together with the clients' failures."],
      wouldChange: ["The server's share of errors back at its usual level while clients go on failing."],
    };
  }
  if (gaugesTell) {
    return {
      verdict: 'inside',
      because: [
        ...(server.slow ? ["The server's own answers take much longer than before."] : []),
        ...(server.full ? ['The server is full by its own measure.'] : []),
      ],
      wouldChange: ['The server fast and with room again while clients go on failing.', 'The failures limited to one network.'],
    };
  }
  if (probersTell) {
    return {
      verdict: 'inside',
      because: [
        'Probers elsewhere fail too, so the fault is not in the networks of these clients.',
        ...(server.measured ? ["The server's own metrics are as usual: look at what stands in front of it and counts nothing."] : []),
      ],
      wouldChange: ['Probers elsewhere that reach the host while clients go on failing.'],
    };
  }
  if (everywhere && type !== null && type.startsWith('tls.cert.')) {
    return {
      verdict: 'inside',
      because: ['Clients everywhere refuse the certificate; the server cannot count requests that end before they begin.'],
      wouldChange: ['The failures limited to one network: then something on the path answers in place of the server.'],
    };
  }
  if (everywhere && type === 'tcp.refused') {
    return {
      verdict: 'inside',
      because: ['Clients everywhere find the port closed; that answer comes from the server or what stands in front of it.'],
      wouldChange: ['The failures limited to one network.'],
    };
  }
  const unread = unreadWords(server, configured);
  if (!server.measured && probers.reach && (place.network || place.country)) {
    return {
      verdict: 'outside',
      byProbers: true,
      because: [`Probers elsewhere reach the host while clients of one ${place.network ? 'network' : 'country'} fail.`, `${unread}.`],
      wouldChange: ['Probers elsewhere failing too.', "A rise of the server's own error share.", 'The same failures from other places.'],
    };
  }
  if (!server.measured) {
    return {
      verdict: 'undetermined',
      because: [`${unread}, so the side of the fault cannot be told.`],
      wouldChange: [
        "The server's error share of the last minutes: if it rose, the fault is inside; if not, outside.",
        'Probers elsewhere: if they fail too, the fault is inside; if they reach the host while one network fails, outside.',
      ],
    };
  }
  if (server.unclear) {
    return {
      verdict: 'undetermined',
      because: [
        'The server counted no request at all, or too few with too many errors among them: it may be down, or nothing may reach it, and its share of errors cannot tell which.',
      ],
      wouldChange: [
        'Requests that the server answers: if many of them end in errors, the fault is inside; if not, outside.',
        'Probers elsewhere: if several fail too, the fault is inside.',
      ],
    };
  }
  if (server.dipExceeds && !probers.reach) {
    return {
      verdict: 'undetermined',
      because: [
        'Far more requests are missing at the server than the clients of this place could take away, so more is going on than they tell, and its share of errors cannot tell what.',
      ],
      wouldChange: [
        'Requests back at their usual rate while these clients go on failing: then the fault is outside.',
        'The same failures from other places.',
        "A rise of the server's own error share, or probers elsewhere failing: then it is inside.",
      ],
    };
  }
  const oneFails = probers.fail && !probers.several;
  return {
    verdict: 'outside',
    because: [
      isApart
        ? "The server's own share of errors rose too, but what it answers with an error has reached it: that leaves no name of one network unresolved. It is a fault of its own; look at it as well."
        : "The server's own share of errors is at its usual level while clients fail.",
      ...(place.network ? ['The failures lie in one network.'] : []),
      ...(probers.reach ? ['Probers elsewhere reach the host.'] : []),
      ...(oneFails ? ['One prober elsewhere fails too; one alone may fail for reasons of its own.'] : []),
      ...(everywhere
        ? ['They are not limited to a place, so look also at what all clients share: the name, the entry network, the load balancer.']
        : []),
    ],
    wouldChange: [
      isApart ? 'The same failures from other networks.' : "A rise of the server's own error share.",
      oneFails ? 'More than one prober elsewhere failing.' : 'Probers elsewhere failing too.',
      ...(everywhere || isApart ? [] : ['The same failures from other places.']),
      'A fault at an entry (edge, load balancer) of your own that does not count its requests.',
    ],
  };
}

/** The server's errors rose, and cannot be why names are not resolved in one network alone. */
export function errsApart({ kind, place, networksFailing }: SpikeEvidence, { errorsUp }: ServerReading): boolean {
  return errorsUp && kind === 'dns' && Boolean(place.network) && !(networksFailing > 1);
}

/** Why the server's metrics say nothing. */
function unreadWords({ fewBefore, gaugesOnly }: ServerReading, configured: boolean): string {
  if (!configured) return 'No server metrics are configured for this host';
  if (gaugesOnly) return 'Of the server only its latency or load was told lately, and no requests';
  return fewBefore
    ? 'The server counted too few requests before to compare with'
    : 'The server metrics are missing or too old to be compared';
}
