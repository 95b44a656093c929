import { publish } from '../publish/publish.js';
import { IDENTIFYING } from '../publish/shapes.js';
import type { Published, PublishedBreakdown } from '../publish/shapes.js';
import { gridWindow } from '../publish/windows.js';
import type { GridSize } from '../publish/windows.js';
import { ask, seconds } from '../queries/ask.js';
import { clientsByDimension } from '../queries/clients-by-dimension.js';
import { policyOf } from './settings.js';
import type { AnswerDeps } from './settings.js';

export interface BreakdownAsked {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  /** Size of the window of the grid, and a moment in it. */
  readonly size: GridSize;
  readonly atMs: number;
  /** A moment in the window (of the same size) to compare with. */
  readonly beforeMs: number;
  readonly beforeSize?: GridSize;
}

/** Failing clients by every identifying dimension, in one window of the grid and in an earlier one. */
export async function breakdownAnswer(asked: BreakdownAsked, deps: AnswerDeps): Promise<Published<PublishedBreakdown>> {
  const { project, host, kind } = asked;
  const window = gridWindow(asked.size, asked.atMs);
  const before = gridWindow(asked.beforeSize ?? asked.size, asked.beforeMs);
  const read = (w: { startMs: number; endMs: number }) =>
    ask(deps.client, clientsByDimension, { project, host, kind, from: seconds(w.startMs), to: seconds(w.endMs) });
  const [inside, earlier] = await Promise.all([read(window), read(before)]);
  const cells = (rows: typeof inside, name: string) =>
    rows.filter((r) => r.dimension === name).map(({ value, clients }) => ({ value, clients }));
  return publish(
    {
      shape: 'breakdown',
      window,
      before,
      dimensions: IDENTIFYING.map((name) => ({ name, inside: cells(inside, name), before: cells(earlier, name) })),
    },
    policyOf(deps, project),
  );
}
