import { describe, expect, it } from 'vitest';
import { watchWake } from '../../../sdk-browser/src/wake.js';

function setUp() {
  const connection = Object.assign(new EventTarget(), { type: 'wifi' });
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const scope = Object.assign(new EventTarget(), { document, navigator: { connection } });
  const heard: boolean[] = [];
  const stop = watchWake(scope as unknown as Window)((isOtherNetwork) => heard.push(isOtherNetwork));
  return { connection, document, scope, heard, stop };
}

describe('waking', () => {
  it('tells another network from a page that is looked at again', () => {
    const { connection, document, scope, heard } = setUp();
    for (const target of [
      [document, 'visibilitychange'],
      [scope, 'pageshow'],
      [document, 'resume'],
    ] as const)
      target[0].dispatchEvent(new Event(target[1]));
    expect(heard).toEqual([false, false, false]);
    scope.dispatchEvent(new Event('online'));
    connection.type = 'cellular';
    connection.dispatchEvent(new Event('change'));
    expect(heard.slice(3)).toEqual([true, true]);
  });

  it('sees at the next look a network that became another one while nobody was told', () => {
    const { connection, document, heard } = setUp();
    connection.type = 'cellular';
    document.dispatchEvent(new Event('resume'));
    document.dispatchEvent(new Event('resume'));
    expect(heard).toEqual([true, false]);
  });

  it('does not follow a page that is hidden, a connection that only became slower, or a watch that was stopped', () => {
    const { connection, document, heard, stop } = setUp();
    document.visibilityState = 'hidden';
    document.dispatchEvent(new Event('visibilitychange'));
    connection.dispatchEvent(new Event('change'));
    stop();
    connection.type = 'cellular';
    connection.dispatchEvent(new Event('change'));
    expect(heard).toEqual([]);
  });
});
