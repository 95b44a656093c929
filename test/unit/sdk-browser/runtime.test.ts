import { describe, expect, it } from 'vitest';
import { runtimeOf } from '../../../sdk-browser/src/runtime.js';

const of = (userAgent: string, brands: [string, string][] = [], platform = ''): string => {
  const { runtime, runtimeMajor, os } = runtimeOf({
    userAgent,
    ...(brands.length > 0 && { userAgentData: { brands: brands.map(([brand, version]) => ({ brand, version })), platform } }),
  });
  return `${runtime} ${runtimeMajor} ${os}`;
};

describe('runtimeOf', () => {
  it('prefers client hints, and knows the real brand among the others', () => {
    expect(
      of(
        '',
        [
          ['Not)A;Brand', '99'],
          ['Chromium', '156'],
          ['Google Chrome', '156'],
        ],
        'Windows',
      ),
    ).toBe('chrome 156 windows');
    expect(
      of(
        '',
        [
          ['Chromium', '156'],
          ['Microsoft Edge', '156'],
        ],
        'macOS',
      ),
    ).toBe('edge 156 macos');
    expect(
      of(
        '',
        [
          ['Chromium', '150'],
          ['Opera', '131'],
        ],
        'Linux',
      ),
    ).toBe('opera 131 linux');
    expect(of('', [['Chromium', '150']], 'Chrome OS')).toBe('chrome 150 chromeos');
  });

  it('reads user agents', () => {
    const mozilla = 'Mozilla/5.0';
    expect(of(`${mozilla} (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0`)).toBe('firefox 153 linux');
    expect(of(`${mozilla} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15`)).toBe(
      'safari 18 macos',
    );
    expect(
      of(`${mozilla} (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/150.0 Mobile Safari/604.1`),
    ).toBe('chrome 150 ios');
    expect(
      of(
        `${mozilla} (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
      ),
    ).toBe('samsung 28 android');
    expect(
      of(`${mozilla} (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0`),
    ).toBe('edge 156 windows');
    expect(of(`${mozilla} (Linux; Android 10) AppleWebKit/537.36 Mobile`)).toBe('webkit 537 android');
  });

  it('says other where it does not know', () => {
    expect(of('')).toBe('other 0 other');
  });
});
