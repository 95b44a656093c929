/** The window, as the parts of the agent are handed it. */
export type Scope = Window & typeof globalThis;

/** A property whose mere reading may be refused, as in a sandboxed frame. */
export function allowed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
