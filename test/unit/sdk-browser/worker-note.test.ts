import { describe, expect, it } from 'vitest';
import { noteToWorker } from '../../../sdk-browser/src/worker-note.js';

const settled = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 0));

/** A page under a service worker. `sync`: whether Background Sync is there, and takes what is asked for. */
async function setUp(sync: 'taken' | 'refused' | 'missing') {
  const asked: string[] = [];
  const messages: unknown[] = [];
  const state = { hidden: false };
  let leave: (closing: boolean) => void = () => undefined;
  const register = (tag: string): Promise<void> => {
    asked.push(tag);
    return sync === 'taken' ? Promise.resolve() : Promise.reject(new Error('refused'));
  };
  const registration = {
    active: { postMessage: (message: unknown) => messages.push(message) },
    ...(sync !== 'missing' && { sync: { register } }),
  };
  const scope = { navigator: { serviceWorker: { ready: Promise.resolve(registration) } } } as unknown as Window;
  const note = noteToWorker(scope, 'outcry', {
    isHidden: () => state.hidden,
    onLeave(run) {
      leave = run;
      return () => (leave = () => undefined);
    },
  });
  await settled();
  return { note, asked, messages, state, leave: (closing: boolean) => leave(closing) };
}

describe('the note to the worker', () => {
  it('is a Background Sync when something waits and when the page is closed, not whenever it is hidden', async () => {
    const { note, asked, messages, leave } = await setUp('taken');
    leave(false);
    expect(asked).toEqual([]);
    note.ask();
    leave(true);
    expect(asked).toEqual(['outcry:outcry', 'outcry:outcry']);
    note.stop();
    leave(true);
    await settled();
    expect([asked.length, messages]).toEqual([2, []]);
  });

  it('is a message of the page that is left where there is no Background Sync', async () => {
    const { note, messages, leave } = await setUp('missing');
    note.ask();
    expect(messages).toEqual([]);
    leave(false);
    leave(true);
    expect(messages).toEqual([{ outcry: 'outcry:outcry' }, { outcry: 'outcry:outcry' }]);
  });

  it('is a message where the sync is refused, but not while the page is looked at, which delivers by itself', async () => {
    const { note, messages, state, leave } = await setUp('refused');
    note.ask();
    await settled();
    expect(messages).toEqual([]);
    state.hidden = true;
    note.ask();
    leave(true);
    await settled();
    expect(messages).toHaveLength(2);
  });
});
