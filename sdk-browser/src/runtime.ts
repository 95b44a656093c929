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

/** In this order: the later ones' names also stand in the earlier ones' user agents. */
const FAMILIES: readonly (readonly [name: string, sign: RegExp])[] = [
  ['edge', /(?:Microsoft Edge |Edg(?:e|A|iOS)?\/)(\d+)/],
  ['opera', /(?:Opera |OPR\/)(\d+)/],
  ['samsung', /(?:Samsung Internet |SamsungBrowser\/)(\d+)/],
  ['firefox', /(?:Firefox|FxiOS)\/(\d+)/],
  ['chrome', /(?:Google Chrome |Chromium |Chrome\/|CriOS\/)(\d+)/],
  ['safari', /Version\/(\d+).* Safari\//],
  ['webkit', /AppleWebKit\/(\d+)/],
];
const SYSTEMS: readonly (readonly [name: string, sign: RegExp])[] = [
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
  for (const [runtime, sign] of FAMILIES) {
    const major = sign.exec(text)?.[1];
    if (major) return { runtime, runtimeMajor: Math.min(Number(major), 9_999), os: osOf(system) };
  }
  return { runtime: 'other', runtimeMajor: 0, os: osOf(system) };
}

const osOf = (text: string): string => SYSTEMS.find(([, sign]) => sign.test(text))?.[0] ?? 'other';
