import { expect, it } from 'vitest';
import { init } from '../../../sdk-node/src/index.js';
import { isOwn } from '../../../sdk-node/src/own-requests.js';
import { KEYS } from '../sdk-core/collector.js';
import { CONFIG_KEY } from '../sdk-core/sign.js';

it('no request of an agent itself is watched, also where an app watches the collector', async () => {
  const agent = init({
    project: 'shop',
    release: '4.2.1',
    hosts: ['c1.example.net'],
    collectors: ['https://c1.example.net'],
    recipientKey: KEYS.publicKey,
    configKey: CONFIG_KEY.publicKey,
  });
  for (const path of ['/v1/reports', '/v1/witness', '/v1/config/shop'])
    expect([path, isOwn(`https://c1.example.net${path}`)]).toEqual([path, true]);
  expect(isOwn('https://c1.example.net/v1/config/other')).toBe(false);
  await agent.close();
});
