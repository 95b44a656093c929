/** Where a runbook is on the pages: `runbooks/outside.md#dns` → `/runbooks/outside#dns`. */
export const runbookPath = (runbook: string): string => `/${runbook.replace('.md', '')}`;
