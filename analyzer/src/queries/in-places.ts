/** Which rows are of the places of a spike: one condition for every question about what happens there, so that all are about the same clients. */

/** One entry a place in each list, '' where the place leaves that dimension open; without any place it is everywhere. */
export interface Places extends Record<string, unknown> {
  readonly networks: readonly string[];
  readonly countries: readonly string[];
  readonly releases: readonly string[];
}

/** A row or a place by the dimensions in which places are named. */
interface Located {
  readonly network?: string;
  readonly country?: string;
  readonly release?: string;
}

export const EVERYWHERE: Places = { networks: [], countries: [], releases: [] };

/** The parameters of `IN_PLACES`. @param wheres - The places; none is everywhere. */
export function placesOf(wheres: readonly Located[]): Places {
  return {
    networks: wheres.map(({ network = '' }) => network),
    countries: wheres.map(({ country = '' }) => country),
    releases: wheres.map(({ release = '' }) => release),
  };
}

/** What `IN_PLACES` says of a row, where no storage answers. */
export function isInPlaces({ networks, countries, releases }: Places, { network, country, release }: Required<Located>): boolean {
  const isOpenOr = (asked: string | undefined, value: string): boolean => asked === '' || asked === value;
  return (
    networks.length === 0 ||
    networks.some((n, i) => isOpenOr(n, network) && isOpenOr(countries[i], country) && isOpenOr(releases[i], release))
  );
}

/** Condition on tables with the columns `network`, `country` and `release`; a row in several of the places is one row. */
export const IN_PLACES = `(empty({networks:Array(String)}) OR arrayExists((n, c, r) -> (n = '' OR n = network) AND (c = '' OR c = country) AND (r = '' OR r = release),
        {networks:Array(String)}, {countries:Array(String)}, {releases:Array(String)}))`;
