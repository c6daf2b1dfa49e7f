import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** PostgreSQL's own number of rounds. */
const ROUNDS = 4096;

/**
 * What PostgreSQL stores for a password, so that the password itself is in no statement and in no log of statements.
 * The layout is that of the documentation of `pg_authid.rolpassword`; characters beyond ASCII are normalized as the
 * server does (RFC 4013).
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(prepared(password), salt, ROUNDS, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ROUNDS}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`;
}

/** Mapped to nothing, and to a blank (RFC 3454, tables B.1 and C.1.2). */
const NOTHING = /\u034F|[\u00AD\u1806]|[\u180B-\u180D]|[\u200B-\u200D\u2060]|[\uFE00-\uFE0F]|\uFEFF/g;
const BLANKS = /[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/g;
/** Prohibited characters (tables C.2 to C.9): the server takes a password with one of them as it is. */
const PROHIBITED =
  /[\p{Cc}\p{Co}\p{Cs}\p{Cn}\u06DD\u070F\u180E\u2028\u2029\u206A-\u206F\uFFF9-\uFFFD\u2FF0-\u2FFB\u200E\u200F\u202A-\u202E]|\u0340|\u0341/u;

function prepared(password: string): string {
  const mapped = password.replace(BLANKS, ' ').replace(NOTHING, '').normalize('NFKC');
  return mapped === '' || PROHIBITED.test(mapped) ? password : mapped;
}
