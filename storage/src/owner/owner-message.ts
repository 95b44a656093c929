/** What the supervisor tells the owner process (one environment variable) and hears from it (IPC). */

export type Listen = { readonly socketPath: string } | { readonly host: string; readonly port: number };

export interface OwnerTask {
  readonly dataDir: string;
  readonly listen: Listen;
  readonly password: string | undefined;
  readonly maxMemoryBytes: number;
}

export type OwnerMessage =
  | { readonly type: 'ready'; readonly version: string; readonly port: number }
  | { readonly type: 'beat' }
  | { readonly type: 'failed'; readonly code: string | undefined; readonly message: string };
