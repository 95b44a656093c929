import { describe, expect, it } from 'vitest';
import type { ClickHouseClient } from '@outcry/storage';
import { followDevReports } from '../../../cli/src/services/dev-reports.js';

interface Row {
  readonly us: number;
  readonly id: number;
}
interface Asked {
  readonly query_params: { readonly after_us: string; readonly after_id: string };
}

/** Storage with these rows, in their order, which answers what is behind the place that is asked for, a thousand at once, as its SQL says. */
function storageWith(rows: () => readonly Row[]): { client: ClickHouseClient; asked: Asked['query_params'][] } {
  const asked: Asked['query_params'][] = [];
  const query = ({ query_params }: Asked): Promise<{ json: () => Promise<object[]> }> => {
    asked.push(query_params);
    const [us, id] = [Number(query_params.after_us), Number(query_params.after_id)];
    const all = rows();
    const first = all.findIndex((row) => row.us > us || (row.us === us && row.id > id));
    const page = first < 0 ? [] : all.slice(first, first + 1000);
    const behind = page.map((row) => ({ report_id: String(row.id), inserted_us: String(row.us) }));
    return Promise.resolve({ json: () => Promise.resolve(behind) });
  };
  return { client: { query } as unknown as ClickHouseClient, asked };
}

/** Follows until so many were shown, then for a few looks more. */
async function shown(rows: () => readonly Row[], count: number, atLook?: (look: number) => void): Promise<string[]> {
  const { client, asked } = storageWith(rows);
  const stop = new AbortController();
  const ids: string[] = [];
  let looks = 0;
  const following = followDevReports(client, { sinceMs: 1, everyMs: 1, signal: stop.signal }, ({ report_id: id }) => ids.push(id));
  const looking = setInterval(() => atLook?.((looks += 1)), 5);
  await expect.poll(() => ids.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
  const before = asked.length;
  await expect.poll(() => asked.length, { timeout: 10_000 }).toBeGreaterThan(before + 5);
  clearInterval(looking);
  stop.abort();
  await following;
  return ids;
}
const rowsAt = (us: number, count: number, firstId = 1): Row[] =>
  Array.from({ length: count }, (_, index) => ({ us, id: firstId + index }));

describe('reports of development projects', () => {
  it('are all shown once although thousands were inserted in one moment', async () => {
    const rows = [...rowsAt(5_000, 3_500), ...rowsAt(5_001, 2, 9_000)];
    const ids = await shown(() => rows, rows.length);
    expect(ids).toHaveLength(rows.length);
    expect(new Set(ids).size).toBe(rows.length);
    expect(ids.at(-1)).toBe('9001');
  });

  it('are not shown again although more came within a second than are remembered', async () => {
    const rows = rowsAt(5_000, 51_000);
    expect(await shown(() => rows, rows.length)).toHaveLength(rows.length);
  });

  it('are shown although they were inserted a little before others that were', async () => {
    const rows = rowsAt(3_000_000, 1_200);
    const ids = await shown(
      () => rows,
      1_201,
      (look) => {
        if (look === 3) rows.unshift({ us: 2_100_000, id: 77_777 });
      },
    );
    expect(ids.at(-1)).toBe('77777');
    expect(ids).toHaveLength(1_201);
  });
});
