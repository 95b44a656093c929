/** When which findings were examined last in a replay. */
import type { Finding } from '../watch/find.js';

/** Findings that have not changed are examined again after a minute, and each time after half as long as they last. */
const EXAMINE_EVERY_S = 60;
const EXAMINE_AGAIN = 0.5;

/** Those that made no spike wait a part of the time for which they made none, which is forgotten when they are gone for so long. */
const UNTOLD_AGAIN = 0.2;
const FORGET_UNTOLD_S = 900;

export class Examined {
  readonly #untold = new Map<string, { readonly sinceS: number; readonly atS: number }>();
  readonly #last = new Map<string, { readonly signature: string; readonly atS: number }>();

  /** Whether the findings of a project, host and kind are others than when they were examined last, or that is long ago; notes it then. */
  isDue(subject: string, findings: readonly Finding[], nowS: number): boolean {
    const untold = this.#untold.get(subject);
    if (untold !== undefined && nowS - untold.atS < UNTOLD_AGAIN * (nowS - untold.sinceS)) return false;
    const wholes = findings.filter((f) => Object.keys(f.where).length === 0);
    const told = wholes.length > 0 ? wholes : findings;
    const signature = told.map((f) => `${Object.values(f.where).join()} ${String(f.spike.endMs)}`).join('|');
    const last = this.#last.get(subject);
    const lasts = told.some((f) => f.spike.endMs === null);
    const startS = Math.min(...told.map((f) => f.spike.startMs / 1000));
    const again = Math.max(EXAMINE_EVERY_S, EXAMINE_AGAIN * ((last?.atS ?? 0) - startS));
    if (last?.signature === signature && (!lasts || nowS - last.atS < again)) return false;
    this.#last.set(subject, { signature, atS: nowS });
    return true;
  }

  /**
   * Notes what became of the findings of a project, host and kind that were due: they made a spike; or they did not, and are examined soon again,
   * since one more client may do it; or they wait for their turn, and are due in the next round.
   */
  note(subject: string, became: 'told' | 'untold' | 'waits', nowS: number): void {
    if (became !== 'told') this.#last.delete(subject);
    if (became === 'waits') return;
    const before = this.#untold.get(subject);
    this.#untold.delete(subject);
    if (became === 'told') return;
    const isOld = before === undefined || nowS - before.atS > FORGET_UNTOLD_S;
    this.#untold.set(subject, { sinceS: isOld ? nowS : before.sinceS, atS: nowS });
  }
}
