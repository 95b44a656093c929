/** What a process of ours and its parent tell each other over IPC. */

export type ToChild =
  { readonly do: 'start'; readonly settings: unknown } | { readonly do: 'tell'; readonly message: unknown } | { readonly do: 'stop' };

export type FromChild =
  | { readonly is: 'ready'; readonly facts: unknown }
  | { readonly is: 'failed'; readonly code: string; readonly message: string }
  | { readonly is: 'event'; readonly event: unknown };
