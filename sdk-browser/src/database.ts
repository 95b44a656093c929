/** What the two ways to the agent's database have in common. */

/** Its only object store. */
export const TABLE = 'outcry';
/** The key of the consent epoch. */
export const EPOCH = '!epoch';
