/**
 * jsdom brings its own `Uint8Array` and `ArrayBuffer`; WebCrypto, IndexedDB and our encoders make and expect Node's. Without this,
 * `TextEncoder` output is no `Uint8Array` here.
 */
import 'fake-indexeddb/auto';

globalThis.Uint8Array = Object.getPrototypeOf(Buffer) as typeof Uint8Array;
globalThis.ArrayBuffer = Buffer.from('x').buffer.constructor as typeof ArrayBuffer;
