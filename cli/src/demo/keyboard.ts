/** Single keys from the terminal; from a pipe too, so that a script can press them. */
import type { Readable } from 'node:stream';

export interface Keyboard {
  stop(): void;
}

/** Standard input as far as it is used here: a terminal, a pipe or a file. */
export interface KeyInput extends Readable {
  readonly isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
  unref?(): unknown;
}

const CTRL_C = '\u0003';

/** @param press - Gets each key; Ctrl-C, which a raw terminal no longer turns into a signal, comes as `q`. */
export function listenKeys(press: (key: string) => void, input: KeyInput = process.stdin): Keyboard {
  const onData = (data: Buffer | string): void => {
    for (const key of data.toString()) press(key === CTRL_C ? 'q' : key);
  };
  if (input.isTTY) input.setRawMode?.(true);
  input.on('data', onData);
  input.on('error', () => undefined);
  // A file such as /dev/null cannot be let go of, and holds nothing anyway.
  input.unref?.();
  return {
    stop() {
      input.off('data', onData);
      if (input.isTTY) input.setRawMode?.(false);
      input.pause();
    },
  };
}
