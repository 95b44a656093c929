/**
 * The agents' own requests, told apart from the app's by their exact URL, also between several copies of this package. An
 * AsyncLocalStorage would do it too, but in Node 20 its use slows down every promise of the process.
 */
const KEY = Symbol.for('outcry.own-requests');
const shared = globalThis as unknown as Record<symbol, Set<string> | undefined>;
const own = (shared[KEY] ??= new Set<string>());

/** From now on no agent of this process watches requests to these URLs. */
export function claimOwn(urls: readonly string[]): void {
  for (const url of urls) own.add(url);
}

/** Whether some agent of this process sends its own requests to this URL. */
export function isOwn(url: string): boolean {
  return own.has(url);
}
