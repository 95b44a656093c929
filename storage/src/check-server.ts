import { ClickHouseError, type ClickHouseClient } from '@clickhouse/client';
import { OutcryError } from '@outcry/protocol';

/** The oldest server whose types, settings and FINAL behaviour the schema was written for. */
export const OLDEST_SERVER = '24.8';

/**
 * Compares two ClickHouse versions by their first two numbers.
 *
 * Never throws; what is not a number counts as 0.
 */
export function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number);
  return major < thanMajor || (major === thanMajor && minor < thanMinor);
}

/**
 * Asks the server for its version.
 *
 * @returns The version, such as `26.7.2.1`.
 * Throws OUTCRY_STORAGE_UNREACHABLE when nothing answers, OUTCRY_STORAGE_TOO_OLD below 24.8, and the server's own
 * `ClickHouseError` when it answers with one (wrong password, unknown database).
 */
export async function checkServer(client: ClickHouseClient): Promise<string> {
  let version: string;
  try {
    const result = await client.query({ query: 'SELECT version() AS version', format: 'JSONEachRow' });
    const [row] = await result.json<{ version: string }>();
    version = row?.version ?? '';
  } catch (error) {
    if (error instanceof ClickHouseError) throw error;
    throw new OutcryError('OUTCRY_STORAGE_UNREACHABLE', error instanceof Error ? reasonOf(error) : undefined);
  }
  if (isOlder(version, OLDEST_SERVER)) throw new OutcryError('OUTCRY_STORAGE_TOO_OLD', `version ${version}`);
  return version;
}

function reasonOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
