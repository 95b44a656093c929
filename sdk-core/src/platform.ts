/** What an agent needs of the place it runs in. Everything that touches the outside is handed in through here. */

/**
 * One keyed store for all state of the agent. Every write names the consent epoch it belongs to and is refused when the epoch
 * has moved on, in the same transaction, so that nothing written by a tab that missed a withdrawal survives it.
 * Values are what structured clone takes (plain data, `Uint8Array`, `CryptoKeyPair`).
 * Methods may reject (a full disk, a refused database); the agent counts that as `storage_failed`.
 */
export interface Store {
  /** The present consent epoch; 0 for a store that was never written. Must not create anything on disk. */
  epoch(): Promise<number>;
  get(key: string): Promise<unknown>;
  /** Every entry whose key begins with `prefix`, in the order of keys. */
  entries(prefix: string): Promise<[string, unknown][]>;
  /** Writes and deletes in one transaction. False when the epoch differs: nothing was written. */
  write(epoch: number, puts: [string, unknown][], deletes?: string[]): Promise<boolean>;
  /** Atomic read-modify-write; `undefined` deletes. False when the epoch differs. */
  update(epoch: number, key: string, change: (old: unknown) => unknown): Promise<boolean>;
  /** Deletes everything and raises the epoch in one transaction; resolves with the new epoch. A store that holds nothing may stay unmade. */
  erase(): Promise<number>;
  /** False for a store that ends with the page or process. */
  readonly durable: boolean;
  /** Whether this key rests in memory because the disk is full or refused; absent where that cannot be. The agent counts it as `storage_failed`. */
  readonly inMemory?: (key: string) => boolean;
}

/** What tabs of one origin tell each other. `erased`: forget everything and stop; `confirmed`: done. */
export interface TabMessage {
  readonly kind: 'erased' | 'confirmed';
}

export interface Broadcast {
  post(message: TabMessage): void;
  /** Calls `run` with messages of other tabs, never with the own ones. The result stops it. */
  listen(run: (message: TabMessage) => void): () => void;
  /** How many other live tabs will answer; when absent or unknown, a withdrawal waits its whole second. */
  peers?(): Promise<number>;
}

type NaclSealing = typeof import('@outcry/protocol/seal-nacl');

export interface Platform {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds that only ever grow, to measure how long an answer took; `performance.now` when absent. */
  readonly monotonic?: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Cryptographically strong. */
  readonly randomBytes: (length: number) => Uint8Array;
  readonly subtle: SubtleCrypto | undefined;
  /** The unwrapped fetch, so that the agent never watches itself. */
  readonly fetchFn: typeof fetch;
  readonly store: Store;
  /**
   * Runs `work` as the only sender of this store; undefined when another holds the lock. `signal` aborts when the lock must be given up.
   * `alone`: the lock ends with its holder, so that whoever leased an envelope before has given it up or is dead.
   */
  readonly withSenderLock: <T>(work: (signal: AbortSignal, alone?: boolean) => Promise<T>) => Promise<T | undefined>;
  /** Runs once after `ms`; the result cancels it. Must not keep a process alive. */
  readonly setTimer: (run: () => void, ms: number) => () => void;
  /** Timers around a running request (hedge, deadline); `setTimer` when absent. Apart so that a shifted clock does not cut real requests. */
  readonly networkTimer?: Platform['setTimer'];
  /** Upper bound of the random wait before a live report is sent, in ms; 5000 when absent. */
  readonly liveDelayMs?: number;
  readonly source: 'sdk-browser' | 'sdk-node';
  /** A value of the context field `runtime`; anything else counts as `other`. */
  readonly runtime: string;
  readonly runtimeMajor: number;
  /** A value of the context field `os`; anything else counts as `other`. */
  readonly os: string;
  readonly online: () => boolean;
  /** A value of the failure field `connection`. */
  readonly connection: () => string;
  /** True while the page is hidden or closing: requests then ask for `keepalive`. */
  readonly isHidden?: () => boolean;
  /** Whether the last failed request to this URL was stopped on the device (CSP, extension, quota): then it says nothing about the path. Asked right after the failure; may wait for the word. */
  readonly wasBlocked?: (url: string) => boolean | Promise<boolean>;
  /** Whether a request that failed with this error was answered all the same, by somebody who is not who was asked; false when absent. */
  readonly wasAnswered?: (error: unknown) => boolean;
  readonly deflate?: (bytes: Uint8Array) => Promise<Uint8Array>;
  /** Loads suite 2; called once consent is given where native crypto is missing. */
  readonly loadNacl?: () => Promise<NaclSealing>;
  /** Calls `run` when something may go again; `isOtherNetwork` when the network came back or became another one. The result stops it. */
  readonly onWake?: (run: (isOtherNetwork: boolean) => void) => () => void;
  /** Calls `run` when the page is hidden or left and may never come back; `closing` when nothing asynchronous may end any more. The result stops it. */
  readonly onLeave?: (run: (closing: boolean) => void) => () => void;
  /** Called when a round of deliveries ends with something that no collector took, and when a page is left while something waits. */
  readonly onKept?: () => void;
  /** Whether consent stands in all pages, told without waiting; absent or false where that cannot be known at once. */
  readonly isGrantedAtOnce?: () => boolean;
  readonly broadcast?: Broadcast;
}
