import { OutcryError } from '@outcry/protocol';
import { describe, expect, it } from 'vitest';
import { errorLine, errorOf } from '../../../cli/src/describe-error.js';

describe('the line for an error', () => {
  it('says what happened and what can be done, once', () => {
    expect(errorLine(new OutcryError('OUTCRY_ENGINE_MISSING', 'sunos-sparc'))).toBe(
      'outcry: OUTCRY_ENGINE_MISSING: There is no embedded engine for this platform: sunos-sparc. Set OUTCRY_STORAGE_URL to a ClickHouse server.',
    );
    expect(errorLine(new OutcryError('OUTCRY_ENGINE_MISSING'))).toBe(
      'outcry: OUTCRY_ENGINE_MISSING: There is no embedded engine for this platform. Set OUTCRY_STORAGE_URL to a ClickHouse server.',
    );
  });

  it('calls storage that nobody answers for by its name, not an internal error', () => {
    const gone = Object.assign(new Error('connect ENOENT /data/storage/engine.sock'), {
      code: 'ENOENT',
      syscall: 'connect',
      address: '/data/storage/engine.sock',
    });
    expect(errorLine(gone)).toMatch(/^outcry: OUTCRY_STORAGE_UNREACHABLE: nothing answers at \/data\/storage\/engine\.sock \(ENOENT\)\./);
  });

  it('stays the same on its way from a child process', () => {
    const error = new OutcryError('OUTCRY_DATA_DIR_LOCKED', '/data');
    const line = errorLine(error);
    const [, code = '', message = ''] = /^outcry: (\w+): (.*)$/.exec(line) ?? [];
    expect(errorLine(errorOf(code, message))).toBe(line);
  });

  it('names a taken port from the error of the system', () => {
    const error = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', address: '127.0.0.1', port: 4710 });
    expect(errorLine(error)).toBe(
      'outcry: OUTCRY_PORT_TAKEN: port 127.0.0.1:4710 is taken by another process. Stop that process or set another port.',
    );
  });

  it('is one line whatever was thrown', () => {
    expect(errorLine(new Error('first\nsecond'))).toBe('outcry: internal_error: first second');
    expect(errorLine('text')).toBe('outcry: internal_error: text');
  });
});
