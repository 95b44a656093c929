/** How a watched request ended, as the page's own wrappers see it. */
export interface Ending {
  /**
   * `answered`: a response with status (0 when it is opaque); `failed`: rejected, or an error event; `timer`: the app's own time
   * limit; `aborted`: any other abort.
   */
  readonly how: 'answered' | 'failed' | 'timer' | 'aborted';
  readonly statusCode: number;
  /** No response headers had arrived. */
  readonly silent: boolean;
}

/** Called when a request starts. Gives the function to call at its end, or undefined where the request is not to be watched. Never throws. */
export type Begin = (url: string, method: string, resource: 'fetch' | 'xhr') => ((ending: Ending) => void) | undefined;

export const FAILED: Ending = { how: 'failed', statusCode: 0, silent: true };
