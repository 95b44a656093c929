/** The address that a started service told of. */
export const urlOf = (facts: unknown): string => (facts as { url: string }).url;
