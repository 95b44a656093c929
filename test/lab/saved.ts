/** A run as JSON, and back, so that runs made at different times can be printed together. */
import { readFileSync } from 'node:fs';
import type { Conditions } from './conditions.js';
import type { Client, Seen } from './engine.js';
import { FAULTS } from './faults.js';
import { judge } from './judge.js';
import type { Row } from './matrix.js';
import type { NelSaid } from './nel.js';

export interface Run {
  readonly conditions: Conditions;
  readonly rows: readonly Row[];
}

export function toJson({ conditions, rows }: Run): string {
  const plain = rows.map(({ fault, client, seen, judged, nel }) => ({
    fault: fault.name,
    truth: fault.truth,
    ...client,
    seen,
    judged,
    nel,
  }));
  return JSON.stringify({ conditions, rows: plain }, undefined, 1);
}

/** Reads a run; grades it anew, and leaves out faults that are no longer in the table. Throws where the file is no run. */
export function readRun(path: string): Run {
  const { conditions, rows } = JSON.parse(readFileSync(path, 'utf8')) as {
    conditions: Conditions;
    rows: readonly (Client & { fault: string; seen: Seen; nel?: NelSaid })[];
  };
  return {
    conditions,
    rows: rows.flatMap(({ fault: name, engine, landmarks, seen, nel }) => {
      const fault = FAULTS.find((one) => one.name === name);
      return fault ? [{ fault, client: { engine, landmarks }, seen, judged: judge(fault, seen), nel }] : [];
    }),
  };
}

/** Runs under the same conditions as one, in the table's order of faults. Pure. */
export function together(runs: readonly Run[]): readonly Run[] {
  const order = new Map(FAULTS.map((fault, index) => [fault, index]));
  const byConditions = new Map<string, Row[]>();
  for (const { conditions, rows } of runs) {
    const key = JSON.stringify(conditions);
    byConditions.set(key, [...(byConditions.get(key) ?? []), ...rows]);
  }
  return [...byConditions].map(([key, rows]) => ({
    conditions: JSON.parse(key) as Conditions,
    rows: rows.sort((a, b) => (order.get(a.fault) ?? 0) - (order.get(b.fault) ?? 0)),
  }));
}
