/** What the processes of the leak share. */
export const API = 'api.shop.example';
/** Mean time between two requests of a client, and how long it waits for an answer. */
export const EVERY_MS = 4_000;
export const PATIENCE_MS = 3_000;
/** More than the k of 10 that a network is named with. */
export const CLIENTS = 14;
