import { describe, expect, it } from 'vitest';
import type { Course, Started } from '../../../sdk-browser/src/conclude.js';
import { makeFollow } from '../../../sdk-browser/src/follow.js';
import type { Broken } from '../../../sdk-browser/src/watch/body.js';
import { FAILED } from '../../../sdk-browser/src/watch/ending.js';
import type { Ending } from '../../../sdk-browser/src/watch/ending.js';

const REQUEST = { startedMark: 0 } as Started;
const REPORTED = { type: 'tcp.timed_out', kind: 'routing' } as Course['reported'];
const ANSWERED: Ending = { how: 'answered', statusCode: 200, silent: false };

function setUp({ silent = REPORTED, slept = false, hasBody = true } = {}) {
  const clock = { ms: 0 };
  let timers: { run: () => void; atMs: number }[] = [];
  const ended: (Ending & Course)[] = [];
  const asked: number[] = [];
  let answered = 0;
  let endBody: (broken: Broken | undefined) => void = () => undefined;
  const body = { read: false };
  const follow = makeFollow({
    conclude: {
      answered: () => void answered++,
      ended: (_request, ending, course) => {
        ended.push({ ...ending, ...course });
        return Promise.resolve();
      },
      silent: (_request, elapsedMs, waits) => {
        asked.push(elapsedMs());
        return Promise.resolve().then(() => (waits() ? silent : undefined));
      },
    },
    sleep: { awake: () => ({ now: () => slept, end: () => slept }) },
    bodies: {
      expect: () => (hasBody ? { isRead: () => body.read, onEnd: (run) => void (endBody = run) } : undefined),
    },
    mark: () => clock.ms,
    setTimer: (run, ms) => {
      const timer = { run, atMs: clock.ms + ms };
      timers.push(timer);
      return () => (timers = timers.filter((each) => each !== timer));
    },
  });
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
  return {
    end: follow(REQUEST),
    ended,
    asked,
    answered: () => answered,
    settle,
    body,
    endBody: (broken?: Broken) => endBody(broken),
    async pass(ms: number) {
      clock.ms += ms;
      const due = timers.filter(({ atMs }) => atMs <= clock.ms);
      timers = timers.filter((timer) => !due.includes(timer));
      for (const { run } of due) run();
      await settle();
    },
  };
}
const given = { response: {} as Response, signal: undefined };

describe('a request that stays silent', () => {
  it('is asked about after eight seconds, and told once whatever comes then', async () => {
    const { end, ended, asked, pass, settle } = setUp();
    await pass(7_999);
    expect(asked).toEqual([]);
    await pass(1);
    expect(asked).toEqual([8_000]);
    await pass(7_000);
    end({ ...FAILED, how: 'timer' }, 15_000);
    await settle();
    expect(ended).toMatchObject([{ how: 'timer', elapsedMs: 15_000, reported: REPORTED }]);
    end(FAILED, 15_000);
    await settle();
    expect(ended).toHaveLength(1);
  });

  it('is not asked about once it ended, nor when the page slept', async () => {
    const quick = setUp();
    quick.end(FAILED, 100);
    await quick.pass(9_000);
    expect(quick.asked).toEqual([]);
    const slept = setUp({ slept: true });
    await slept.pass(8_000);
    slept.end(FAILED, 9_000);
    await slept.settle();
    expect(slept.ended).toMatchObject([{ slept: true, reported: undefined }]);
  });
});

describe('an answer', () => {
  it('without a body, or with an error status, is told at once', async () => {
    const none = setUp({ hasBody: false });
    none.end(ANSWERED, 50, given);
    await none.settle();
    expect(none.ended).toMatchObject([{ how: 'answered', counted: false }]);
    const error = setUp();
    error.end({ ...ANSWERED, statusCode: 503 }, 50, given);
    await error.settle();
    expect(error.ended).toMatchObject([{ statusCode: 503 }]);
  });

  it('counts when its body is there, or a second later where nobody reads it', async () => {
    const read = setUp();
    read.end(ANSWERED, 50, given);
    read.body.read = true;
    await read.pass(60_000);
    expect(read.ended).toEqual([]);
    expect(read.answered()).toBe(1);
    read.endBody();
    await read.settle();
    expect(read.ended).toMatchObject([{ how: 'answered', elapsedMs: 50 }]);
    const unread = setUp();
    unread.end(ANSWERED, 50, given);
    await unread.pass(1_000);
    expect(unread.ended).toMatchObject([{ how: 'answered' }]);
  });

  it('whose body breaks has failed, and is not counted a second time where it was counted', async () => {
    const broken = setUp();
    broken.end(ANSWERED, 50, given);
    broken.body.read = true;
    await broken.pass(2_000);
    broken.endBody({ how: 'failed', sign: 'length' });
    await broken.settle();
    expect(broken.ended).toMatchObject([
      { how: 'failed', silent: false, statusCode: 200, sign: 'length', elapsedMs: 2_000, counted: false },
    ]);
    const late = setUp();
    late.end(ANSWERED, 50, given);
    await late.pass(1_000);
    late.endBody({ how: 'timer' });
    await late.settle();
    expect(late.ended).toMatchObject([{ how: 'answered' }, { how: 'timer', silent: false, counted: true }]);
  });
});
