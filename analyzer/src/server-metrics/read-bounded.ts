/** An answer longer than this is not read: it is not the small endpoint it was thought to be. */
const MAX_BYTES = 4 * 1024 * 1024;

/** The text of an answer, or undefined once it is longer than 4 MiB; what never ends is not waited for. */
export async function readBounded(answer: Response): Promise<string | undefined> {
  if (answer.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    // Leaving the loop cancels the body and closes the connection.
    if (bytes > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What went wrong, in plain words: `fetch failed` alone tells nobody what to repair. */
export function failureWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return code === undefined ? error.message : `${error.message} (${code})`;
}
