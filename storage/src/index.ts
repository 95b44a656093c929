/** ClickHouse for Outcry: schema, migrations, client, and the supervised owner process of the embedded engine. */
export type { ClickHouseClient } from '@clickhouse/client';
export { ClickHouseError, SettingsMap } from '@clickhouse/client';
export { createStorageClient, type StorageConnection } from './connection.js';
export { checkServer, OLDEST_SERVER } from './check-server.js';
export * from './rows.js';
export * from './analysis-rows.js';
export { insertEncoded, insertRows } from './insert-rows.js';
export { refreshRollups, type RefreshOptions } from './refresh-rollups.js';
export { migrate, type MigrateOptions } from './migrate.js';
export { supervise, type SupervisedProcess, type Supervisor } from './supervise.js';
export { startStorage, type StorageHandle, type StorageOptions } from './start-storage.js';
