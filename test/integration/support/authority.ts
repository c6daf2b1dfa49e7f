import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { account } from '../../../scripts/local/cluster.ts';

/** A root, a regional authority that it signed, and a server's certificate signed by that one, as RDS has them. */
export function signedServer(names: string) {
  const directory = mkdtempSync(join(tmpdir(), 'us-authority-'));
  const identity = account(directory);
  const file = (name: string) => join(directory, name);
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { ...identity, cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] });
  const sign = (name: string, by: string, extensions: string) => {
    writeFileSync(file(`${name}.ext`), extensions);
    openssl(
      ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`],
      '-keyout',
      `${name}.key`,
      '-out',
      'csr',
    );
    return openssl(
      ...['x509', '-req', '-in', 'csr', '-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'],
      ...['-days', '2', '-extfile', `${name}.ext`],
    ).toString();
  };
  const root = (name: string) =>
    openssl(
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
      ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
    );
  root('root');
  root('foreign');
  const regional = sign(
    'regional',
    'root',
    'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n',
  );
  writeFileSync(file('regional.pem'), regional);
  const server = sign('server', 'regional', `subjectAltName=${names}\n`);
  writeFileSync(file('chain.pem'), `${server}${regional}`);
  return {
    root: file('root.pem'),
    foreign: file('foreign.pem'),
    settings: ['ssl=on', `ssl_cert_file=${file('chain.pem')}`, `ssl_key_file=${file('server.key')}`],
  };
}
