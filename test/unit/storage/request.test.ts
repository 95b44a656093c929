import { describe, expect, test } from 'vitest';
import { quote, readRequest, setStatement } from '../../../storage/src/owner/request.js';

const read = (search: string, acceptEncoding?: string) => readRequest(new URL(`http://engine/?${search}`), acceptEncoding, undefined);

describe('the URL of a request', () => {
  test('gives settings and parameters in their order, and leaves out what is not a setting', () => {
    const request = read('query=SELECT+1&database=d&query_id=q&max_threads=1&param_x=a%27b&default_format=JSON');
    expect(request).toEqual({
      query: 'SELECT 1',
      database: 'd',
      format: 'JSON',
      queryId: 'q',
      wantsCompression: false,
      settings: [
        ['max_threads', '1'],
        ['param_x', "a'b"],
      ],
    });
  });

  test('asks for compression only together with the header', () => {
    expect(read('enable_http_compression=1', 'gzip, deflate').wantsCompression).toBe(true);
    expect(read('enable_http_compression=1').wantsCompression).toBe(false);
    expect(read('', 'gzip').wantsCompression).toBe(false);
  });

  test.each(['session_id=1', 'role=admin', 'compress=1'])('refuses what the embedded engine does not have: %s', (search) => {
    expect(() => read(search)).toThrow(/^Code: 48\. DB::Exception: .*\(NOT_IMPLEMENTED\)$/);
  });

  test.each(['max_threads%20=1', 'a%27=1', '=1', `${'a'.repeat(200)}=1`])('refuses a name that is no name: %s', (search) => {
    expect(() => read(search)).toThrow(/^Code: 115\./);
  });

  test('refuses a format that is no name', () => {
    expect(() => read("default_format=JSON';")).toThrow(/^Code: 73\./);
  });
});

describe('a SET statement', () => {
  test('quotes values and ends with the mark', () => {
    expect(setStatement([['a', "it's \\"]], 'ff')).toBe(String.raw`SET a = 'it\'s \\', log_comment = 'ff'`);
    expect(quote('')).toBe("''");
  });
});
