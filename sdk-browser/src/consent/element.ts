/**
 * `<outcry-consent>`: asks once, in a dialog that does not block the page. It is shown when an agent without a decision is handed to
 * it, except to a browser that sends Global Privacy Control; `open()` shows it in any case, for a link such as "privacy settings".
 * Everything is built by DOM calls and one constructed style sheet, which a strict content security policy allows.
 */
import type { ConsentState, Outcry, Receipt } from '@outcry/core';
import { STYLE } from './style.js';
import { hashOf, shownText, wordingFor } from './wording.js';
import type { Wording } from './wording.js';

type Asked = Pick<Outcry, 'consent' | 'setConsent' | 'preview'>;

/** What the event `outcry-consent` carries in `detail`. */
export interface ConsentDecision {
  readonly state: ConsentState;
  readonly receipt?: Receipt;
}

export interface ConsentElement extends HTMLElement {
  /** The agent whose consent is asked. */
  agent: Asked | undefined;
  /** Another text, such as a translation; undefined for the built-in English one. */
  wording: Wording | undefined;
  /** Shows the question and moves the focus to it. */
  open(): void;
  /** Hides it without a decision; it may come back on the next page. */
  close(): void;
}

const DEFAULT_RETENTION_DAYS = 90;

/**
 * Registers the element; a second call does nothing. Attributes: `operator` (default: the host name of the page), `retention-days`
 * (default 90; say what your collectors are set to), `privacy-url` (default: the address of the page without path).
 *
 * @param scope - The window.
 */
export function defineConsent(scope: Window & typeof globalThis = window, name = 'outcry-consent'): void {
  if (scope.customElements.get(name)) return;
  const { document, location, navigator } = scope;

  const add = <K extends keyof HTMLElementTagNameMap>(parent: Node, tag: K, text = ''): HTMLElementTagNameMap[K] => {
    const made = document.createElement(tag);
    made.textContent = text;
    parent.appendChild(made);
    return made;
  };

  class OutcryConsent extends scope.HTMLElement implements ConsentElement {
    wording: Wording | undefined;
    #agent: Asked | undefined;
    #focusBefore: Element | null = null;
    /** The answer that is being carried out; another one, or closing, comes before it. */
    #answer: object | undefined;

    get agent(): Asked | undefined {
      return this.#agent;
    }
    set agent(agent: Asked | undefined) {
      this.#agent = agent;
      this.#ask();
    }

    connectedCallback(): void {
      // A property set before the element was defined lies beside the accessor of the same name.
      if (Object.hasOwn(this, 'agent')) {
        const { agent } = this;
        delete (this as { agent?: Asked }).agent;
        this.agent = agent;
      } else this.#ask();
    }

    #ask(): void {
      const objects = (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true;
      if (this.isConnected && this.#agent?.consent === 'unknown' && !objects) this.#show();
    }

    open(): void {
      this.#focusBefore = document.activeElement;
      this.#show()?.focus();
    }

    close(): void {
      this.#answer = undefined;
      this.removeAttribute('open');
      this.shadowRoot?.replaceChildren();
      if (this.#focusBefore instanceof scope.HTMLElement) this.#focusBefore.focus();
      this.#focusBefore = null;
    }

    #words(agent: Asked): Wording {
      return (
        this.wording ??
        wordingFor({
          operator: this.getAttribute('operator') ?? location.hostname,
          retentionDays: Number(this.getAttribute('retention-days')) || DEFAULT_RETENTION_DAYS,
          receivers: agent.preview().receivers,
          nel: agent.preview().nel,
          privacyUrl: this.getAttribute('privacy-url') ?? location.origin,
        })
      );
    }

    #root(): ShadowRoot {
      if (this.shadowRoot) return this.shadowRoot;
      const root = this.attachShadow({ mode: 'open' });
      if ('adoptedStyleSheets' in root) {
        const sheet = new scope.CSSStyleSheet();
        sheet.replaceSync(STYLE);
        root.adoptedStyleSheets = [sheet];
      }
      return root;
    }

    #show(): HTMLElement | undefined {
      const agent = this.#agent;
      if (!agent) return undefined;
      const words = this.#words(agent);
      const root = this.#root();
      root.replaceChildren();
      const dialog = add(root, 'div');
      dialog.tabIndex = -1;
      for (const [attribute, value] of [
        ['role', 'dialog'],
        ['aria-modal', 'false'],
        ['aria-labelledby', 'title'],
        ['aria-describedby', 'text'],
      ] as const)
        dialog.setAttribute(attribute, value);
      add(dialog, 'h2', words.title).id = 'title';
      const text = add(dialog, 'div');
      text.id = 'text';
      for (const paragraph of words.paragraphs) add(text, 'p', paragraph);
      add(text, 'p', words.fieldsTitle);
      const list = add(text, 'ul');
      for (const field of words.fields) add(list, 'li', field);
      const answers = add(dialog, 'div');
      answers.className = 'answers';
      for (const [label, state] of [
        [words.no, 'denied'],
        [words.yes, 'granted'],
      ] as const) {
        const button = add(answers, 'button', label);
        button.type = 'button';
        button.value = state;
        button.addEventListener('click', () => {
          this.#decide(agent, words, state).catch((error: unknown) => this.#tell('outcry-consent-failed', { state, error }));
        });
      }
      dialog.addEventListener('keydown', ({ key }) => {
        if (key === 'Escape') this.close();
      });
      this.setAttribute('open', '');
      return dialog;
    }

    #tell(type: string, detail: unknown): void {
      this.dispatchEvent(new scope.CustomEvent(type, { detail, bubbles: true, composed: true }));
    }

    async #decide(agent: Asked, words: Wording, state: 'granted' | 'denied'): Promise<void> {
      const mine = (this.#answer = {});
      const decision: ConsentDecision =
        state === 'denied'
          ? { state }
          : {
              state,
              receipt: {
                text: words.version,
                textHash: await hashOf(shownText(words), scope.crypto.subtle),
                at: new Date().toISOString(),
                method: 'element',
              },
            };
      if (this.#answer !== mine) return;
      const done = agent.setConsent(state, decision.receipt);
      // A refusal takes a moment to be heard everywhere; an agreement that the agent does not take leaves the question there.
      if (state === 'granted') await done;
      this.close();
      await done;
      this.#tell('outcry-consent', decision);
    }
  }

  scope.customElements.define(name, OutcryConsent);
}
