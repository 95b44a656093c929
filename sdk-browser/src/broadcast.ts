import type { Broadcast, TabMessage } from '@outcry/core';
import type { Presence } from './presence.js';

/**
 * Word between the tabs of one origin. The channel is opened at the first need and closed when nobody listens, so that a page without
 * consent holds none.
 *
 * @param presence - Counts those who hear; without it nobody can be counted.
 */
export function makeBroadcast(Channel: typeof BroadcastChannel, name: string, presence: Presence | undefined): Broadcast {
  const listeners = new Set<(message: TabMessage) => void>();
  let channel: BroadcastChannel | undefined;
  const open = (): BroadcastChannel => {
    if (!channel) {
      channel = new Channel(name);
      channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
        for (const run of listeners) run(data);
      };
    }
    return channel;
  };
  const close = (): void => {
    if (listeners.size) return;
    channel?.close();
    channel = undefined;
  };
  return {
    post(message) {
      open().postMessage(message);
      close();
    },
    listen(run) {
      open();
      listeners.add(run);
      return () => {
        listeners.delete(run);
        close();
      };
    },
    ...(presence && { peers: presence.others }),
  };
}
