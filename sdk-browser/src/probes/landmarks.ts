/** Landmarks: other ways to the same server. What each is good for is read from its URL. */

export interface Landmarks {
  /** Another name, or the address, on the service's own port: does it hang on the name? */
  readonly otherName: readonly string[];
  /** The same name on another port: does it hang on the port? */
  readonly otherPort: readonly string[];
  /** Both differ: can the server be reached at all? */
  readonly otherBoth: readonly string[];
  readonly stun: string | undefined;
  readonly turns: string | undefined;
}

const DEFAULT_PORT: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' };
const portOf = ({ protocol, port }: URL): string => port || (DEFAULT_PORT[protocol] ?? '');

/** Never throws: the URLs were checked by `init`. Pure. */
export function sortLandmarks(urls: readonly string[], origin: URL): Landmarks {
  const found = { otherName: [] as string[], otherPort: [] as string[], otherBoth: [] as string[] };
  for (const text of urls) {
    if (!/^https?:/.test(text)) continue;
    const url = new URL(text);
    const sameName = url.hostname === origin.hostname;
    const samePort = portOf(url) === portOf(origin);
    if (sameName && samePort) continue;
    found[sameName ? 'otherPort' : samePort ? 'otherName' : 'otherBoth'].push(url.href);
  }
  const of = (scheme: string): string | undefined => urls.find((text) => text.startsWith(scheme));
  return { ...found, stun: of('stun:'), turns: of('turns:') };
}
