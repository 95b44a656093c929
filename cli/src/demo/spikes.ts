/** Asks the analyzer for spikes, as anybody would, and says what changed. */

/** The part of a spike that the demo talks about. Times are RFC 3339. */
export interface SpikeSummary {
  readonly id: string;
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly network: string | null;
  readonly state: 'open' | 'closed';
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly verdict: string;
  readonly sentence: string;
}

export type SpikeChange = { readonly what: 'found' | 'placed' | 'closed' | 'judged'; readonly spike: SpikeSummary };

/** The list as the API gives it, newest first. Rejects when the analyzer does not answer. */
export async function fetchSpikes(analyzerUrl: string, signal?: AbortSignal): Promise<SpikeSummary[]> {
  const response = await fetch(`${analyzerUrl}/api/v1/spikes`, signal ? { signal } : {});
  if (!response.ok) throw new Error(`the analyzer answered ${response.status}`);
  return (await response.json()) as SpikeSummary[];
}

/**
 * What is new in a list against the one before: found, placed in a network, judged otherwise, closed. Pure.
 *
 * @param before - undefined for the first list: what is in it already is old.
 */
export function spikeChanges(before: readonly SpikeSummary[] | undefined, now: readonly SpikeSummary[]): SpikeChange[] {
  if (before === undefined) return [];
  const old = new Map(before.map((spike) => [spike.id, spike]));
  return now.flatMap((spike): SpikeChange[] => {
    const was = old.get(spike.id);
    if (was === undefined || (was.state === 'closed' && spike.state === 'open'))
      return spike.state === 'open' ? [{ what: 'found', spike }] : [];
    if (was.state === 'open' && spike.state === 'closed') return [{ what: 'closed', spike }];
    if (was.network !== spike.network && spike.network !== null) return [{ what: 'placed', spike }];
    return was.verdict !== spike.verdict ? [{ what: 'judged', spike }] : [];
  });
}

/** The page of a spike. */
export const spikePage = (analyzerUrl: string, { id }: SpikeSummary): string => `${analyzerUrl}/spikes/${id}`;
