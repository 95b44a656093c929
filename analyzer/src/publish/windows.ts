/** The fixed windows in which identifying cells may be shown: free windows could be shifted by a second to single out one client. */

const MINUTE_MS = 60_000;

export const GRID = { '10m': 10 * MINUTE_MS, '1h': 60 * MINUTE_MS, '6h': 360 * MINUTE_MS, '1d': 1440 * MINUTE_MS } as const;
export type GridSize = keyof typeof GRID;
export const GRID_SIZES = Object.keys(GRID) as GridSize[];

export interface GridWindow {
  readonly size: GridSize;
  readonly startMs: number;
  readonly endMs: number;
}

/** The window of that size which holds the moment; aligned to the epoch, so days are UTC days. */
export function gridWindow(size: GridSize, atMs: number): GridWindow {
  const widthMs = GRID[size];
  const startMs = Math.floor(atMs / widthMs) * widthMs;
  return { size, startMs, endMs: startMs + widthMs };
}

/** All windows of that size that touch the stretch, at most `limit`, the latest kept. */
export function gridWindows(size: GridSize, fromMs: number, toMs: number, limit: number = 12): GridWindow[] {
  const windows: GridWindow[] = [];
  for (let window = gridWindow(size, Math.max(fromMs, toMs)); window.endMs > fromMs && windows.length < limit;) {
    windows.unshift(window);
    window = gridWindow(size, window.startMs - 1);
  }
  return windows;
}
