/** Starts the agent in a page of the lab. */
import type { Failure } from '@outcry/protocol';
import type { AppPage } from './app.js';
import type { Asked } from './engine.js';
import { API_NAME, COLLECTOR_NAMES, LANDMARKS } from './places.js';

interface PageAgent {
  setConsent(state: string, receipt: object): Promise<void>;
  onEvent(listen: (event: { kind: string; failure: Failure; evidence: readonly string[] }) => void): void;
}

/** What the agent says first is kept where neither a navigation nor a closed page loses it. */
export const startAgent = (page: AppPage, { landmarks }: Asked): Promise<void> =>
  page.evaluate(
    async (options) => {
      const agent = (window.outcry as unknown as { init(options: object): PageAgent }).init(options);
      await agent.setConsent('granted', { text: 'v1', textHash: 'A'.repeat(43), at: new Date().toISOString(), method: 'dialog' });
      agent.onEvent(({ kind, failure, evidence }) => {
        if (kind === 'diagnosed' && !localStorage.getItem('said'))
          localStorage.setItem('said', JSON.stringify({ failure, evidence, atMs: performance.timeOrigin + performance.now() }));
      });
    },
    {
      project: 'lab',
      release: '1',
      hosts: [API_NAME],
      collectors: COLLECTOR_NAMES.map((name) => `https://${name}`),
      recipientKey: process.env['OUTCRY_LAB_KEY'],
      landmarks: { [API_NAME]: LANDMARKS[landmarks] },
    },
  );
