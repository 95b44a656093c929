/** When an agent asks which network it is in. */
import { afterEach, describe, expect, it } from 'vitest';
import { startCollector } from './collector.js';
import type { TinyCollector } from './collector.js';
import { makePlace, RECEIPT, settle, until } from './place.js';
import type { Place } from './place.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const open: TinyCollector[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** A page that has its label, and counts how often it asked. */
async function openPage(): Promise<Place & { readonly asked: () => number }> {
  const c = await startCollector();
  open.push(c);
  c.witness = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"asn":3320,"country":"DE"}');
  const place = makePlace([c.origin], { witnesses: [`${c.origin}/v1/witness`] });
  const asked = (): number => c.requests.filter(({ url }) => url === '/v1/witness').length;
  await place.agent.setConsent('granted', RECEIPT);
  await place.agent.pending();
  await place.clock.advance(5_000);
  await until(async () => (await place.store.get('witness')) !== undefined);
  return { ...place, asked };
}

describe('the network label', () => {
  it('is not asked for because a page is looked at, before its hour is over', async () => {
    const page = await openPage();
    for (let n = 0; n < 20; n++) {
      page.clock.jump(2 * MINUTE_MS);
      page.wake(false);
      await settle(10);
    }
    expect(page.asked()).toBe(1);
    page.clock.jump(HOUR_MS);
    page.wake(false);
    await until(() => page.asked() === 2);
  });

  it('is asked for when the network is another one, at most once a minute', async () => {
    const page = await openPage();
    page.wake(true);
    await settle();
    expect(page.asked()).toBe(1);
    page.clock.jump(MINUTE_MS);
    page.wake(true);
    await until(() => page.asked() === 2);
  });
});
