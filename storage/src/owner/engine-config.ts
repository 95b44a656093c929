/** The engine's configuration file. It belongs to the data directory: a directory once opened with disks or policies needs them again. */

export interface EngineSettings {
  /** Absolute path below which `BACKUP … TO File(…)` may write. */
  readonly backupDir: string;
  /** Bytes of memory that all queries, merges and caches may take together. */
  readonly maxMemoryBytes: number;
}

/**
 * The XML of the configuration.
 *
 * Inserts are flushed to disk before they are acknowledged; that stands here and not in the schema, because on a remote server it is the operator's choice.
 */
export function engineConfig({ maxMemoryBytes, backupDir }: EngineSettings): string {
  const markCacheBytes = Math.min(268_435_456, Math.floor(maxMemoryBytes / 8));
  return [
    '<clickhouse>',
    `  <max_server_memory_usage>${Math.floor(maxMemoryBytes)}</max_server_memory_usage>`,
    `  <mark_cache_size>${markCacheBytes}</mark_cache_size>`,
    '  <merge_tree>',
    '    <fsync_after_insert>1</fsync_after_insert>',
    '    <fsync_part_directory>1</fsync_part_directory>',
    '  </merge_tree>',
    `  <backups><allowed_path>${escapeXml(backupDir)}</allowed_path></backups>`,
    '</clickhouse>',
    '',
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
