/**
 * The client's own trouble: nothing elsewhere can be reached either. Never held against the service.
 *
 * - The host or another way to it answers, also to STUN: the uplink works, whatever is wrong with the witnesses.
 * - Something answered in a witness's place: `client.captive_portal`.
 * - Witnesses by address answer, those by name do not: `client.resolver_dead`. Fact: with a dead resolver every name fails, the address works.
 * - None answers, nor the host under any name, but another port of it: something takes all web traffic. `client.captive_portal`.
 * - None answers: `client.uplink_dead`; 0.9 with two witnesses, 0.6 with one, which may be down itself.
 */
import type { Diagnosis } from '@outcry/protocol';
import type { Evidence } from './evidence.js';
import type { Say } from './say.js';

export function byWitnesses(seen: Evidence, say: Say): Diagnosis | undefined {
  const { probe, otherName, otherPort, otherBoth, byName, byAddress, ice } = seen;
  const witnesses = [...byName, ...byAddress];
  const gone = (some: readonly string[]): boolean => some.length > 0 && !some.includes('witness');
  if ([probe, otherName].includes('answered')) return undefined;
  const elsewhere = otherPort === 'answered' || otherBoth === 'answered';
  if (elsewhere && gone(witnesses) && witnesses.length > 1 && otherName !== 'not_run')
    return say('client.captive_portal', 0.75, 'Only another port than that of the web can be reached.');
  if (elsewhere || ice.lookup === 'resolved') return undefined;
  if (gone(byName) && byAddress.includes('witness'))
    return say('client.resolver_dead', byName.length > 1 ? 0.9 : 0.75, 'Addresses can be reached, names cannot.');
  if (!gone(witnesses)) return undefined;
  if (witnesses.includes('stranger')) return say('client.captive_portal', 0.85, 'Something else answers in place of the witnesses.');
  return say('client.uplink_dead', witnesses.length > 1 ? 0.9 : 0.6, 'Nothing else can be reached either.');
}
