import { describe, expect, it } from 'vitest';
import { addressesOf } from '../../../cli/src/simulator/addresses.js';
import { largestNetworks } from '../../../cli/src/simulator/networks.js';
import { stream } from '../../../cli/src/simulator/random.js';

const prefixOf = (address: string | undefined): string => address?.split('.').slice(0, 3).join('.') ?? '';

describe('addresses of simulated clients', () => {
  it('are of one /24 where they name the same prefix, and of another where they name another', async () => {
    const networks = await largestNetworks(40, 5);
    const addressOf = await addressesOf(networks);
    const random = stream(1, 'addresses');
    const [network, other] = networks.map(({ label }) => label) as [string, string];
    const of = (source: string): string[] => Array.from({ length: 50 }, () => addressOf(network, random, source) ?? '');
    const three = ['i1 0 0', 'i1 0 1', 'i1 0 2'].map(of);
    for (const addresses of three) expect(new Set(addresses.map(prefixOf)).size).toBe(1);
    expect(new Set(three.flat().map(prefixOf)).size).toBe(3);
    // Fakes come from one prefix each, not from one address.
    expect(new Set(three[0]).size).toBeGreaterThan(20);
    const usual = Array.from({ length: 500 }, (_, n) => prefixOf(addressOf(network, random, `${network} ${String(n)}`)));
    expect(new Set([...usual, ...three.flat().map(prefixOf)]).size).toBe(503);
    expect(usual).not.toContain(prefixOf(addressOf(other, random, 'i1 0 0')));
    expect(addressOf('unknown/ZZ', random, 'x')).toBeUndefined();
    expect(addressOf(network, random)).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    // Two tables of half a million lines are read.
  }, 90_000);
});
