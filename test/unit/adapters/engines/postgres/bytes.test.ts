import { decoded, fromBytes, toBytes } from '../../../../../lib/adapters/engines/postgres/bytes.ts';
import { randomFrom } from '../../../domain/points/random.ts';

test.each([
  ['nothing', []],
  ['ASCII', [0x61, 0x62]],
  ['UTF-8 of every length', [...Buffer.from('aä漢🐘')]],
  ['a Latin-1 letter', [0x63, 0x61, 0x66, 0xe9]],
  ['a letter cut off', [0xc3]],
  ['an overlong form', [0xc0, 0xaf]],
  ['half a surrogate pair', [0xed, 0xa0, 0x80]],
  ['bytes beyond Unicode', [0xf5, 0x80, 0x80, 0x80]],
  ['the replacement character itself', [...Buffer.from('\uFFFD'), 0xff]],
  ['every byte there is', Array.from({ length: 256 }, (_, byte) => byte)],
])('bytes of %s are the same after fromBytes and toBytes', (_, bytes) => {
  expect([...toBytes(fromBytes(Buffer.from(bytes)))]).toEqual(bytes);
});

test('three thousand random byte strings are the same after fromBytes and toBytes, and no two become one text', () => {
  const { below } = randomFrom(7);
  const seen = new Map<string, string>();
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(Array.from({ length: 1 + (round % 9) }, () => below(256)));
    const text = fromBytes(bytes);
    expect(toBytes(text).equals(bytes)).toBe(true);
    expect(seen.get(text) ?? bytes.toString('hex')).toBe(bytes.toString('hex'));
    seen.set(text, bytes.toString('hex'));
  }
});

test.each([
  ['LATIN1', [0xe4], 'ä'],
  ['LATIN2', [0xb1], 'ą'],
  ['LATIN9', [0xa4], '€'],
  ['WIN1251', [0xe6], 'ж'],
  ['KOI8R', [0xd6], 'ж'],
  ['EUC_JP', [0xb4, 0xc1], '漢'],
  ['UTF8', [0xc3, 0xa4], 'ä'],
  ['MULE_INTERNAL', [0x61], 'a'],
])('decoded reads text in the encoding %s', (encoding, bytes, text) => {
  expect(decoded(Buffer.from(bytes), encoding)).toBe(text);
});
