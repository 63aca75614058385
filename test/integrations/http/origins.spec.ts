import { propagateOutgoing } from 'nestjs-contextvars/http';
import { originCheck } from '../../../src/integrations/http/origins.js';

describe('an origin is allowed', () => {
  const allows = originCheck('test', [
    'https://API.Example.com',
    'http://bücher.example:80/',
    new URL('http://[::1]:3000'),
  ]);

  it.each([
    'https://api.example.com/v1?a=b#c',
    'https://api.example.com:443',
    'HTTPS://API.EXAMPLE.COM/',
    'https://user:password@api.example.com/',
    'http://xn--bcher-kva.example/',
    'http://BÜCHER.example/a',
    'http://[0:0:0:0:0:0:0:1]:3000/',
    new URL('http://[::1]:3000/a'),
  ])('%s', (url) => expect(allows(url)).toBe(true));

  it.each([
    'http://api.example.com/',
    'https://api.example.com:8443/',
    'https://api.example.com./',
    'https://x.api.example.com/',
    'https://example.com/',
    'https://api.example.com.evil.example/',
    'https://api.example.com@evil.example/',
    'https://evil.example/https://api.example.com',
    'https://evil.example?https://api.example.com',
    'https://bücher.example/',
    'http://[::1]/',
    '//api.example.com/',
    'api.example.com',
    'blob:https://api.example.com/1',
    'null',
    '',
  ])('but not %s', (url) => expect(allows(url)).toBe(false));
});

it.each<[string, unknown]>([
  ['a path', ['https://api.example.com/v1']],
  ['a query', ['https://api.example.com/?a']],
  ['credentials', ['https://user@api.example.com']],
  ['a wildcard', ['https://*.example.com']],
  ['a wildcard alone', ['*']],
  ['no scheme', ['api.example.com']],
  ['another scheme', ['ftp://api.example.com']],
  ['nothing', ['']],
  ['a number', [1]],
  ['no array', 'https://api.example.com'],
  ['no origins', undefined],
])('a list with %s is refused', (_, origins) => {
  expect(() => propagateOutgoing({ origins: origins as string[] })).toThrow(TypeError);
});
