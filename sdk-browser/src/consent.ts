/** Importing this registers `<outcry-consent>`; on a server it does nothing. */
import { defineConsent } from './consent/element.js';

export { defineConsent };
export type { ConsentDecision, ConsentElement } from './consent/element.js';
export { hashOf, shownText, WORDING_VERSION, wordingFor } from './consent/wording.js';
export type { Particulars, Wording } from './consent/wording.js';

if (typeof customElements !== 'undefined') defineConsent();
