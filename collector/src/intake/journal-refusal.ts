import type { Journal } from '../journal/journal.js';

/**
 * Why the journal takes nothing just now; undefined when it does. Want of room is told first, since somebody can help it: the file cannot
 * be repaired without.
 *
 * @param hasRoom - whether it has room, on its disk and by its limits.
 */
export function journalRefusal(
  { commits }: Pick<Journal, 'commits'>,
  hasRoom: () => boolean,
): 'journal_full' | 'journal_unsafe' | undefined {
  if (!hasRoom()) return 'journal_full';
  return commits.isSound() ? undefined : 'journal_unsafe';
}
