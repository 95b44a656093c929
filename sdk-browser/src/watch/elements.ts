/**
 * Watches scripts, images, styles and media of watched hosts by the `load` and `error` events that pass through the document. When they
 * started stands in Resource Timing; without an entry their time is unknown and counts as nothing.
 */
import { FAILED } from './ending.js';
import type { Ending, Resource } from './ending.js';

export interface ElementsWatch {
  start(): void;
  stop(): void;
}

const RESOURCES: Readonly<Record<string, Resource>> = {
  SCRIPT: 'script',
  IMG: 'image',
  LINK: 'style',
  AUDIO: 'media',
  VIDEO: 'media',
  SOURCE: 'media',
};

/** The address an element loads; undefined for one that loads nothing. */
function addressOf(element: Element): string | undefined {
  const { currentSrc, src, href } = element as { currentSrc?: unknown; src?: unknown; href?: unknown };
  const address = [currentSrc, src, href].find((text) => typeof text === 'string' && text !== '');
  return address as string | undefined;
}

/** `told` is called for each element that loaded or failed, with its ending. What it throws does not reach the page. */
export function watchElements(
  document: Pick<Document, 'addEventListener' | 'removeEventListener'>,
  told: (url: string, resource: Resource, ending: Ending) => void,
): ElementsWatch {
  const hear = ({ target, type }: Event): void => {
    const { tagName } = target as Partial<Element>;
    const resource = tagName === undefined ? undefined : RESOURCES[tagName.toUpperCase()];
    const address = resource && addressOf(target as Element);
    if (!address) return;
    try {
      told(address, resource, type === 'load' ? { how: 'answered', statusCode: 0, silent: false } : FAILED);
    } catch {
      // An address that is none fails too, and is no matter of the network.
    }
  };
  return {
    start() {
      document.addEventListener('load', hear, true);
      document.addEventListener('error', hear, true);
    },
    stop() {
      document.removeEventListener('load', hear, true);
      document.removeEventListener('error', hear, true);
    },
  };
}
