import { describe, expect, it } from 'vitest';
import { clientsOf } from '../../lab/engine.js';
import { FAULTS } from '../../lab/faults.js';

describe('the clients of a run', () => {
  it('are one page for each level of landmarks, and Node once', () => {
    expect(clientsOf(['node-fetch', 'firefox'], ['none', 'two', 'stun'])).toEqual([
      { engine: 'node-fetch', landmarks: 'none' },
      { engine: 'firefox', landmarks: 'none' },
      { engine: 'firefox', landmarks: 'two' },
      { engine: 'firefox', landmarks: 'stun' },
    ]);
  });

  it('leave STUN out in WebKitGTK, which has no WebRTC', () => {
    expect(clientsOf(['webkit'], ['none', 'two', 'stun'])).toEqual([
      { engine: 'webkit', landmarks: 'none' },
      { engine: 'webkit', landmarks: 'two' },
    ]);
    expect(clientsOf(['webkit'], ['stun'])).toEqual([]);
  });

  it('meet in WebKitGTK no fault that needs an extension or a second page', () => {
    const own = FAULTS.filter(({ engines }) => engines.includes('webkit'));
    expect(own.length).toBeGreaterThan(60);
    expect(own.filter(({ request }) => request.blocker || ['closes', 'hides'].includes(request.meanwhile))).toEqual([]);
  });
});
