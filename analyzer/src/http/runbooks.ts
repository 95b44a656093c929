/** What to do next, by verdict and kind: the texts of docs/runbooks/, which the package carries along. */
import { readFile } from 'node:fs/promises';
import type { VerdictName } from '../pair/verdict.js';

/** As packed, and as in the repository. */
const FOLDERS = ['../../runbooks/', '../../../docs/runbooks/'].map((folder) => new URL(folder, import.meta.url));

/** The Markdown of one runbook. Rejects when the installation lacks it. */
export async function readRunbook(verdict: VerdictName): Promise<string> {
  const [packed, own] = FOLDERS.map((folder) => new URL(`${verdict}.md`, folder)) as [URL, URL];
  return readFile(packed, 'utf8').catch(() => readFile(own, 'utf8'));
}
