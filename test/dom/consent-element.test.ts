import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ATTEMPT_FIELDS, CONSENT_FIELDS, CONTEXT_FIELDS, DELIVERY_FIELDS, FAILURE_FIELDS, LOSS_FIELDS } from '@outcry/protocol';
import '../../sdk-browser/src/consent.js';
import type { ConsentElement } from '../../sdk-browser/src/consent.js';
import { FIELD_WORDS, shownText, wordingFor } from '../../sdk-browser/src/consent/wording.js';
import { collected, openTab, until, usePage } from './page.js';

usePage();

let element: ConsentElement;
beforeEach(() => {
  element = document.createElement('outcry-consent') as ConsentElement;
  element.setAttribute('operator', 'Shop Ltd');
  element.setAttribute('retention-days', '30');
  document.body.append(element);
});
afterEach(() => {
  element.remove();
  delete (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl;
});

const inside = (selector: string): HTMLElement[] => [...(element.shadowRoot?.querySelectorAll<HTMLElement>(selector) ?? [])];
const answer = (value: string): void =>
  inside('button')
    .find((each) => (each as HTMLButtonElement).value === value)
    ?.click();

describe('<outcry-consent>', () => {
  it('asks in a labelled dialog that names operator, receivers, retention and the way out', () => {
    element.agent = openTab();
    const [dialog] = inside('[role=dialog]');
    expect(dialog?.getAttribute('aria-modal')).toBe('false');
    expect(inside(`#${dialog?.getAttribute('aria-labelledby')}`)).toHaveLength(1);
    expect(inside(`#${dialog?.getAttribute('aria-describedby')}`)).toHaveLength(1);
    for (const word of ['Shop Ltd', 'https://c1.example.net', '30 days', location.origin]) expect(dialog?.textContent).toContain(word);
  });

  it('offers No and Yes as equal buttons', () => {
    element.agent = openTab();
    const buttons = inside('button');
    expect(buttons.map((each) => (each as HTMLButtonElement).value)).toEqual(['denied', 'granted']);
    expect(
      new Set(buttons.map((each) => [each.className, each.getAttribute('style'), each.hasAttribute('autofocus')].join())),
    ).toHaveLength(1);
  });

  it('grants with the hash of the very text that was shown', async () => {
    const tab = openTab();
    element.agent = tab;
    const shown = inside('h2, p, li, button').map(({ textContent }) => textContent);
    // On the screen No stands first; the hashed text ends with Yes and No.
    const decided = new Promise<CustomEvent>((resolve) =>
      element.addEventListener('outcry-consent', (event) => resolve(event as CustomEvent), { once: true }),
    );
    answer('granted');
    const { receipt } = (await decided).detail;
    const text = [...shown.slice(0, -2), shown.at(-1), shown.at(-2)].join('\n');
    expect(receipt).toMatchObject({ text: 'outcry-3', method: 'element', textHash: createHash('sha256').update(text).digest('base64url') });
    expect(tab.consent).toBe('granted');
    expect(element.hasAttribute('open')).toBe(false);
  });

  it('denies without a request, and is not shown again on the next page', async () => {
    const tab = openTab();
    element.agent = tab;
    answer('denied');
    await until(() => tab.consent === 'denied');
    expect(collected.requests).toEqual([]);
    await tab.close();
    element.agent = openTab();
    expect(element.hasAttribute('open')).toBe(false);
  });

  it('is not shown to a browser that sends Global Privacy Control, unless it is opened', () => {
    Object.defineProperty(navigator, 'globalPrivacyControl', { value: true, configurable: true });
    element.agent = openTab();
    expect(element.hasAttribute('open')).toBe(false);
    element.open();
    expect(element.hasAttribute('open')).toBe(true);
    expect(element.shadowRoot?.activeElement).toBe(inside('[role=dialog]')[0]);
  });

  it('goes away on Escape without a decision', () => {
    const tab = openTab();
    element.agent = tab;
    inside('[role=dialog]')[0]?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
    expect([element.hasAttribute('open'), tab.consent]).toEqual([false, 'unknown']);
    expect(localStorage.length).toBe(0);
  });

  it('sets no style attribute and no inline script, so that a strict policy allows it', () => {
    element.agent = openTab();
    expect(inside('[style], style, script')).toEqual([]);
  });
});

describe('a page whose browser keeps WebCrypto back, as on plain http', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** What the element says from now on, as "type state". */
  function listenTo(): readonly string[] {
    const told: string[] = [];
    for (const type of ['outcry-consent', 'outcry-consent-failed'])
      element.addEventListener(type, (event) => told.push(`${type} ${(event as CustomEvent<{ state: string }>).detail.state}`));
    return told;
  }
  const withSubtle = (subtle: object | undefined): void =>
    void vi.spyOn(crypto, 'subtle', 'get').mockReturnValue(subtle as unknown as SubtleCrypto);

  it('grants all the same, with the same hash', async () => {
    const receipts: unknown[] = [];
    const tab = openTab();
    const agent = {
      consent: 'unknown',
      preview: () => tab.preview(),
      setConsent: (_: unknown, receipt: unknown) => Promise.resolve(void receipts.push(receipt)),
    } as const;
    for (const subtle of [crypto.subtle, undefined]) {
      withSubtle(subtle);
      element.agent = agent;
      const told = listenTo();
      answer('granted');
      await until(() => told.length > 0);
      expect(told).toEqual(['outcry-consent granted']);
    }
    const [first, second] = receipts as { textHash: string }[];
    expect(first?.textHash).toHaveLength(43);
    expect(second?.textHash).toBe(first?.textHash);
    withSubtle(undefined);
    element.agent = tab;
    answer('granted');
    await until(() => tab.consent === 'granted');
    expect(element.hasAttribute('open')).toBe(false);
  });

  it('is told when an agreement cannot be taken; the question stays there', async () => {
    const told = listenTo();
    const tab = openTab();
    element.agent = tab;
    withSubtle({ digest: () => Promise.reject(new Error('no')) });
    answer('granted');
    await until(() => told.length > 0);
    vi.restoreAllMocks();
    element.wording = { ...wordingFor({ operator: 'Shop', retentionDays: 1, receivers: [], privacyUrl: '' }), version: 'no version' };
    element.agent = tab;
    answer('granted');
    await until(() => told.length > 1);
    expect(told).toEqual(['outcry-consent-failed granted', 'outcry-consent-failed granted']);
    expect([element.hasAttribute('open'), tab.consent]).toEqual([true, 'unknown']);
  });

  it('takes the last word: a No or an Escape after a Yes that is still being hashed', async () => {
    for (const last of [() => answer('denied'), () => element.close()]) {
      let hash: (digest: ArrayBuffer) => void = () => undefined;
      withSubtle({ digest: () => new Promise<ArrayBuffer>((resolve) => (hash = resolve)) });
      const words: string[] = [];
      element.agent = {
        consent: 'unknown',
        preview: () => openTab().preview(),
        setConsent: (state) => Promise.resolve(void words.push(state)),
      };
      answer('granted');
      last();
      hash(new ArrayBuffer(32));
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(words).not.toContain('granted');
      expect(element.hasAttribute('open')).toBe(false);
    }
  });
});

describe('the wording', () => {
  it('says one day as people say it, and the default where the attribute is no number', () => {
    const particulars = { operator: 'Shop', receivers: [], privacyUrl: '' };
    expect(shownText(wordingFor({ ...particulars, retentionDays: 1 }))).toContain('deleted after one day.');
    expect(shownText(wordingFor({ ...particulars, retentionDays: 30 }))).toContain('deleted after 30 days.');
    element.setAttribute('retention-days', 'soon');
    element.agent = openTab();
    expect(element.shadowRoot?.textContent).toContain('deleted after 90 days.');
  });

  it('says something about every field on the wire, and about no other', () => {
    const wire = [CONTEXT_FIELDS, FAILURE_FIELDS, ATTEMPT_FIELDS, DELIVERY_FIELDS, LOSS_FIELDS, CONSENT_FIELDS].flatMap((table) =>
      table.map(({ name }) => name),
    );
    expect(new Set(FIELD_WORDS.flatMap(([, fields]) => fields))).toEqual(new Set(wire));
  });

  it('is hashed line by line', () => {
    const text = shownText(
      wordingFor({
        operator: 'Shop',
        retentionDays: 90,
        receivers: ['https://c1.example.net'],
        privacyUrl: 'https://shop.example/privacy',
      }),
    );
    expect(text.split('\n')).toHaveLength(1 + 4 + 1 + FIELD_WORDS.length + 2);
  });
});
