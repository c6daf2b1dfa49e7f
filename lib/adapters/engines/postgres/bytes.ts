/**
 * Text of unknown encoding as a string, without losing a byte: bytes that are not UTF-8 become U+DC80 … U+DCFF, one
 * for each, as Python's `surrogateescape` does. A SQL_ASCII database may have any bytes in names and definitions, and
 * pg_restore lists names in their archive's encoding.
 */
export function fromBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!text.includes('\uFFFD')) return text;
  let found = '';
  for (let at = 0; at < bytes.length; ) {
    const length = lengthOfCharacter(bytes, at);
    found +=
      length === 0 ? String.fromCharCode(0xdc00 + bytes[at]!) : bytes.toString('utf8', at, at + length);
    at += length || 1;
  }
  return found;
}

/** Returns the bytes that `fromBytes` made a string of. */
export function toBytes(text: string): Buffer {
  if (!ESCAPED.test(text)) return Buffer.from(text, 'utf8');
  return Buffer.concat(
    text
      .split(/([\uDC80-\uDCFF])/u)
      .map((part) =>
        ESCAPED.test(part) ? Buffer.from([part.charCodeAt(0) - 0xdc00]) : Buffer.from(part, 'utf8'),
      ),
  );
}

const ESCAPED = /[\uDC80-\uDCFF]/u;

/** How many bytes the UTF-8 character at an offset has; 0 for a byte that starts none. */
function lengthOfCharacter(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  const length = first < 0x80 ? 1 : first >> 5 === 6 ? 2 : first >> 4 === 14 ? 3 : first >> 3 === 30 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  // The decoder checks overlong forms, surrogates and the end of Unicode.
  const character = bytes.toString('utf8', at, at + length);
  return character.includes('\uFFFD') && !bytes.subarray(at, at + length).equals(REPLACEMENT) ? 0 : length;
}

const REPLACEMENT = Buffer.from('\uFFFD', 'utf8');

/** Text in one of PostgreSQL's encodings. For an encoding that this runtime does not know, a name beyond ASCII stays as bytes. */
export function decoded(bytes: Buffer, encoding: string): string {
  const label = LABELS[encoding] ?? encoding.toLowerCase().replace(/^win/, 'windows-').replace(/_/g, '-');
  if (encoding === 'UTF8' || encoding === 'SQL_ASCII') return fromBytes(bytes);
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    return fromBytes(bytes);
  }
}

/** WHATWG names that differ from PostgreSQL's name in lower case. */
const LABELS: Record<string, string> = {
  ...Object.fromEntries([1, 2, 3, 4].map((n) => [`LATIN${n}`, `iso-8859-${n}`])),
  LATIN5: 'windows-1254',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN8: 'iso-8859-14',
  LATIN9: 'iso-8859-15',
  LATIN10: 'iso-8859-16',
  KOI8R: 'koi8-r',
  KOI8U: 'koi8-u',
  WIN866: 'ibm866',
  EUC_CN: 'gbk',
};
