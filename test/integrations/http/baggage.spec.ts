import { readBaggage } from '../../../src/integrations/http/baggage.js';
import { encodeBaggage } from '../../../src/integrations/http/baggage-propagator.js';

describe('a well-formed header is read', () => {
  it.each<[string, [string, string][]]>([
    ['tenant=acme', [['tenant', 'acme']]],
    [
      'a=1,b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      ' a = 1 ,\tb=2 ',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['a=x%20y%2C%3D%22%5C%3B', [['a', 'x y,="\\;']]],
    ['a=z%C3%BCrich', [['a', 'zürich']]],
    ['a=%F0%9F%8D%B5', [['a', '🍵']]],
    [
      'a=1;ttl=5;secure, b=2 ; p = q',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['a=', [['a', '']]],
    ['a=b=c', [['a', 'b=c']]],
    ['order%20desk=1', [['order desk', '1']]],
    [`a=${'v'.repeat(255)}`, [['a', 'v'.repeat(255)]]],
  ])('%s', (header, entries) => expect(readBaggage(header)).toEqual(entries));
});

describe('a header is refused whole', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=v`).join();
  it.each<[string, string, string]>([
    ['with more than 8192 bytes', `a=1,${'x'.repeat(8200)}`, 'too-large'],
    ['of 10 MB', 'a=1,'.repeat(2_500_000), 'too-large'],
    ['with 65 entries', many(65), 'too-many-entries'],
    ['with an entry of 257 bytes', `a=1,b=${'v'.repeat(256)}`, 'entry-too-large'],
    ['with an entry that is larger on the wire', `a=${'%C3%BC'.repeat(43)}`, 'entry-too-large'],
    ['without a key', '=1', 'malformed'],
    ['without an equals sign', 'a', 'malformed'],
    ['with an empty entry', 'a=1,,b=2', 'malformed'],
    ['with an empty entry at its end', 'a=1,', 'malformed'],
    ['with nothing', '', 'malformed'],
    ['with a quote', 'a="1"', 'malformed'],
    ['with a backslash', 'a=\\1', 'malformed'],
    ['with a space inside a value', 'a=1 tenant=victim', 'malformed'],
    ['with a space inside a key', 'a b=1', 'malformed'],
    ['with a raw byte that is not ASCII', 'a=z\xfcrich', 'malformed'],
    ['with a raw tab inside a value', 'a=1\t2', 'malformed'],
    ['with a raw line break', 'a=1\r\nb=2', 'malformed'],
    ['with a raw NUL', 'a=1\0', 'malformed'],
    ['with half an escape', 'a=%4', 'malformed'],
    ['with an escape that is none', 'a=%zz', 'malformed'],
    ['with an escape that is none, in a key', '%zz=a', 'malformed'],
    ['with UTF-8 that is cut off', 'a=%C3', 'malformed'],
    ['with overlong UTF-8', 'a=%C0%AF', 'malformed'],
    ['with half a surrogate pair', 'a=%ED%A0%80', 'malformed'],
    ['with metadata that is none', 'a=1;=x', 'malformed'],
    ['with a key twice', 'a=1,b=2,a=1', 'duplicate'],
    ['with a key twice, once escaped', 'a=1,%61=2', 'duplicate'],
    ['with an encoded line break', 'a=1%0d%0aFAKE', 'control-character'],
    ['with an encoded escape character', 'a=%1b[31m', 'control-character'],
    ['with an encoded NUL', 'a=%00', 'control-character'],
    ['with an encoded DEL', 'a=%7f', 'control-character'],
    ['with a control character beyond ASCII', 'a=%C2%85', 'control-character'],
    ['with a line separator', 'a=%E2%80%A8', 'control-character'],
    ['with a control character in a key', 'a%0a=1', 'control-character'],
    ['with the name of a prototype', '__proto__=1', 'malformed'],
    ['with the name of a prototype and no value', 'a=1,__proto__=', 'malformed'],
    ['with the name of a prototype, escaped', 'a=1,%5F_proto__=1', 'malformed'],
  ])('%s', (_, header, reason) => {
    expect(readBaggage(header)).toBe(reason);
    expect(({} as Record<string, unknown>).value).toBeUndefined();
  });
});

it('what is written is read again', () => {
  const entries: [string, string][] = [
    ['tenant', 'acme'],
    ['order desk', 'a,b;c="d"\\ %20'],
    ['name', 'Zürich 🍵'],
    ['empty', ''],
    ['constructor', 'x'],
  ];
  expect(readBaggage(encodeBaggage(entries))).toEqual(entries);
});
