import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
