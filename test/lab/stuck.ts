/** When the lab takes a browser for stuck and gives the fault to another world. */

/** A world's first fault starts its browsers. */
const START_MS = 60_000;
/** One request, its diagnosis and what is said of it, even by a page that sleeps meanwhile, one client after the other. */
const CLIENT_MS = 42_000;

/** No fault takes as long with so many clients, on a busy machine neither; ms. */
export const stuckMs = (clients: number): number => START_MS + CLIENT_MS * clients;
