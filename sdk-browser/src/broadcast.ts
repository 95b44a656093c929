import type { Broadcast, TabMessage } from '@outcry/core';
import type { Presence } from './presence.js';

/**
 * Word between the tabs of one origin. The channel is opened at the first need and closed when nobody listens, so that a page without
 * consent holds none.
 *
 * @param presence - Counts those who hear; without it nobody can be counted. What it holds is held while somebody listens.
 */
export function makeBroadcast(
  Channel: typeof BroadcastChannel,
  name: string,
  presence?: Pick<Presence, 'others'> & Partial<Presence>,
): Broadcast {
  const listeners = new Set<(message: TabMessage) => void>();
  let channel: BroadcastChannel | undefined;
  let leave: (() => void) | undefined;
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
    leave?.();
    channel = leave = undefined;
  };
  return {
    post(message) {
      open().postMessage(message);
      close();
    },
    listen(run) {
      open();
      leave ??= presence?.hold?.();
      listeners.add(run);
      return () => {
        listeners.delete(run);
        close();
      };
    },
    ...(presence && { peers: () => presence.others() }),
  };
}
