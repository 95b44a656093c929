import { describe, expect, test } from 'vitest';
import { engineConfig } from '../../../storage/src/owner/engine-config.js';

describe('the configuration of the engine', () => {
  test('bounds memory, flushes inserts and lets backups into one directory', () => {
    const xml = engineConfig({ maxMemoryBytes: 1_000_000_000.5, backupDir: '/a & b/backups' });
    expect(xml).toContain('<max_server_memory_usage>1000000000</max_server_memory_usage>');
    expect(xml).toContain('<mark_cache_size>125000000</mark_cache_size>');
    expect(xml).toContain('<fsync_after_insert>1</fsync_after_insert>');
    expect(xml).toContain('<allowed_path>/a &amp; b/backups</allowed_path>');
  });
});
