/** Follows one watched request: through a silence that becomes too long, to its headers, through its body. */
import type { SleepWatch } from '@outcry/core';
import type { Diagnosis } from '@outcry/protocol';
import type { Conclude, Started } from './conclude.js';
import type { BodyWatch } from './watch/body.js';
import { FAILED } from './watch/ending.js';
import type { Ending, Given } from './watch/ending.js';

/** Silence for this long makes us ask ourselves, without waiting for the browser's own limit of up to two minutes. */
const SILENCE_MS = 8_000;
/** An app that wants the body asks for it at once. */
const UNREAD_MS = 1_000;

export interface FollowParts {
  readonly conclude: Conclude;
  readonly sleep: SleepWatch;
  readonly bodies: Pick<BodyWatch, 'expect'>;
  readonly mark: () => number;
  readonly setTimer: (run: () => void, ms: number) => () => void;
}

/** Told of the end: how, after how long, and what `fetch` gave. */
export type Followed = (ending: Ending, tookMs: number, given?: Given) => void;

/** The result is called once, at the request's end; never throws. */
export function makeFollow({ conclude, sleep, bodies, mark, setTimer }: FollowParts): (request: Started) => Followed {
  return (request) => {
    const elapsedMs = (): number => mark() - request.startedMark;
    const asleep = sleep.awake();
    let ended = false;
    let reported: Diagnosis | undefined;
    let watched: Promise<unknown> = Promise.resolve();
    const cancel = setTimer(() => {
      watched = conclude
        .silent(request, elapsedMs, () => !ended && !asleep.now())
        .then((diagnosis) => (reported = diagnosis))
        .catch(() => undefined);
    }, SILENCE_MS - elapsedMs());

    return (ending, tookMs, given) => {
      if (ended) return;
      ended = true;
      cancel();
      const slept = asleep.end();
      const tell = (told: Ending, tellMs = tookMs, counted = false): void =>
        void watched.then(() => conclude.ended(request, told, { elapsedMs: tellMs, slept, reported, counted })).catch(() => undefined);

      if (ending.how === 'answered') conclude.answered(request, ending.statusCode);
      const fine = ending.how === 'answered' && ending.statusCode < 400;
      const body = fine && given ? bodies.expect(given) : undefined;
      if (!body) {
        tell(ending);
        return;
      }
      // Counted when the body is there, or when nobody seems to want it.
      let counted = false;
      const count = (): void => {
        if (!counted) tell(ending);
        counted = true;
      };
      const unread = setTimer(() => {
        if (!body.isRead()) count();
      }, UNREAD_MS);
      body.onEnd((broken) => {
        unread();
        if (!broken) count();
        else tell({ ...FAILED, silent: false, statusCode: ending.statusCode, ...broken }, elapsedMs(), counted);
      });
    };
  };
}
