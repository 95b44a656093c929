/** Which browser and system this is: family and major version, no more. */

interface Brand {
  readonly brand: string;
  readonly version: string;
}
export interface NavigatorFacts {
  readonly userAgent: string;
  readonly userAgentData?: { readonly brands: readonly Brand[]; readonly platform: string };
}
export interface Runtime {
  readonly runtime: string;
  readonly runtimeMajor: number;
  readonly os: string;
}

type Names = readonly (readonly [name: string, sign: RegExp])[];

/** In this order: the later ones' names also stand in the earlier ones' user agents. */
const FAMILIES: Names = [
  ['edge', /(?:Microsoft Edge |Edg(?:e|A|iOS)?\/)(\d+)/],
  ['opera', /(?:Opera |OPR\/)(\d+)/],
  ['samsung', /(?:Samsung Internet |SamsungBrowser\/)(\d+)/],
  ['firefox', /(?:Firefox|FxiOS)\/(\d+)/],
  ['chrome', /(?:Google Chrome |Chromium |Chrome\/|CriOS\/)(\d+)/],
  ['safari', /Version\/(\d+).* Safari\//],
  ['webkit', /AppleWebKit\/(\d+)/],
];
const SYSTEMS: Names = [
  ['android', /Android/],
  ['ios', /iPhone|iPad|iPod|iOS/],
  ['windows', /Windows/],
  ['chromeos', /CrOS|Chrome ?OS/],
  ['macos', /[Mm]ac/],
  ['linux', /Linux|X11/],
];

/** Never throws. Client hints of low entropy where they exist, else the user agent; none other is asked for. */
export function runtimeOf({ userAgent, userAgentData }: NavigatorFacts): Runtime {
  const text = userAgentData?.brands.length ? userAgentData.brands.map(({ brand, version }) => `${brand} ${version}`).join(';') : userAgent;
  const system = userAgentData?.platform || userAgent;
  const family = nameOf(FAMILIES, text);
  return {
    runtime: family?.[0] ?? 'other',
    runtimeMajor: Math.min(Number(family?.[1].exec(text)?.[1] ?? 0), 9_999),
    os: nameOf(SYSTEMS, system)?.[0] ?? 'other',
  };
}

const nameOf = (names: Names, text: string): Names[number] | undefined => names.find(([, sign]) => sign.test(text));
