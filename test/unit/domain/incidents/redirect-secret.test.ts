import { redirectSecret } from '../../../../lib/domain/incidents/redirect-secret.ts';

const FROM = { host: 'crm-db.abc.eu-central-1.rds.amazonaws.com', port: 5432 };
const TO = { host: 'crm-db-restored.abc.eu-central-1.rds.amazonaws.com', port: 5432 };
const ELSEWHERE = { host: '10.0.0.7', port: 6543 };

test.each([
  ['RDS’s own JSON', `{"username":"crm","password":"p","host":"${FROM.host}","port":5432,"dbname":"crm"}`],
  ['a URL', `postgres://crm:p%40@${FROM.host}:5432/crm?sslmode=require`],
  ['a URL without a port', `postgres://crm:p@${FROM.host}/crm`],
  ['JSON with a URL', JSON.stringify({ DATABASE_URL: `postgres://crm:p@${FROM.host}:5432/crm`, DEBUG: '1' })],
  ['nested JSON', JSON.stringify({ db: { primary: { host: FROM.host, port: '5432' }, pool: 5 } })],
  ['a DSN', `host=${FROM.host} port=5432 user=crm password=p`],
  ['a host in capitals', `{"host":"${FROM.host.toUpperCase()}"}`],
  ['a list of URLs', JSON.stringify({ urls: [`postgres://crm:p@${FROM.host}:5432/a`, `x://${FROM.host}`] })],
  ['lines of an environment', `PGHOST=${FROM.host}\nPGPORT=5432\nPGUSER=crm\n`],
])('%s leads to the new address, and back to what it was', (_, text) => {
  const there = redirectSecret(text, FROM, TO)!;
  expect(there.toLowerCase()).not.toContain(`${FROM.host}`);
  expect(there).toContain(TO.host);
  expect(redirectSecret(there, TO, FROM)!.toLowerCase()).toBe(text.toLowerCase());
});

test('another port is taken wherever the old one stood beside the host', () => {
  const redirected = (text: string) => redirectSecret(text, FROM, ELSEWHERE);
  expect(redirected(`{"host":"${FROM.host}","port":5432,"adminPort":"5432","max":5432}`)).toBe(
    '{"host":"10.0.0.7","port":6543,"adminPort":"6543","max":5432}',
  );
  expect(redirected(`postgres://crm:p@${FROM.host}/crm`)).toBe('postgres://crm:p@10.0.0.7:6543/crm');
  expect(redirected(`host=${FROM.host} port=5432 user=crm`)).toBe('host=10.0.0.7 port=6543 user=crm');
  expect(redirected(`PGHOST=${FROM.host}\nPGPORT=5432`)).toBe('PGHOST=10.0.0.7\nPGPORT=6543');
});

test.each([
  ['another host', '{"host":"db.example.com"}'],
  ['a host that only ends like it', `{"host":"my${FROM.host}"}`],
  ['a host below it', `{"host":"${FROM.host}.example.com"}`],
  ['a host with a word before it', `{"host":"replica-${FROM.host}"}`],
  ['nothing', ''],
  ['a password that is a number', '{"password":5432}'],
])('%s is not the old address', (_, text) => {
  expect(redirectSecret(text, FROM, TO)).toBeUndefined();
});

test('JSON of several lines stays readable, and everything else in it stays', () => {
  const text = JSON.stringify(
    { host: FROM.host, password: 'ä"\\\n', port: 5432, n: 1e21, nothing: null },
    null,
    2,
  );
  expect(JSON.parse(redirectSecret(text, FROM, TO)!)).toEqual({ ...JSON.parse(text), host: TO.host });
  expect(redirectSecret(text, FROM, TO)).toContain('\n  "host"');
});

test('a password that contains the host’s name stays as it is', () => {
  const text = `{"host":"${FROM.host}","password":"${FROM.host}"}`;
  expect(JSON.parse(redirectSecret(text, FROM, TO)!)).toEqual({ host: TO.host, password: FROM.host });
});
