import { X509Certificate } from 'node:crypto';
import { defaultSslmode, REGIONS_WITH_AUTHORITIES } from '../../../../lib/adapters/aws/default-sslmode.ts';
import { rdsAuthorities } from '../../../../lib/adapters/engines/postgres/authorities.ts';

test.each([
  ['crm.c0ffee.eu-central-1.rds.amazonaws.com', 'verify-full'],
  ['crm.cluster-ro-c0ffee.us-east-1.rds.amazonaws.com', 'verify-full'],
  ['crm.proxy-c0ffee.EU-central-1.RDS.amazonaws.com.', 'verify-full'],
  ['crm.c0ffee.us-gov-west-1.rds.amazonaws.com', 'require'],
  ['crm.c0ffee.rds.cn-north-1.amazonaws.com.cn', 'require'],
  ['crm.c0ffee.il-central-1.rds.amazonaws.com', 'require'],
  ['crm.eu-central-1.rds.amazonaws.com.example.com', 'require'],
  ['db.internal', 'require'],
  ['10.0.0.5', 'require'],
  ['127.0.0.1', 'disable'],
  ['::1', 'disable'],
  ['localhost', 'disable'],
  ['/var/run/postgresql', 'disable'],
])('a connection to %s has sslmode %s unless somebody says otherwise', (host, expected) =>
  expect(defaultSslmode(host)).toBe(expected),
);

describe('the authorities of RDS', () => {
  const named = async () => (await rdsAuthorities()).map((pem) => new X509Certificate(pem));

  test('are there for each Region whose connections are verified, of all three kinds, and for no other', async () => {
    const kinds = new Map<string, string[]>();
    for (const { subject } of await named()) {
      const [, region, kind] = /CN=Amazon RDS (\w+-\w+-\d) Root CA (\w+) G1/.exec(subject) ?? [];
      if (region) kinds.set(region, [...(kinds.get(region) ?? []), kind!].sort());
    }
    expect([...kinds.keys()].sort()).toEqual([...REGIONS_WITH_AUTHORITIES].sort());
    for (const each of kinds.values()) expect(each).toEqual(['ECC384', 'RSA2048', 'RSA4096']);
  });

  // Against a date, not today's: a test must not begin to fail by time alone.
  test('are valid until 2037 at least, which a newer package must not change unnoticed', async () => {
    const soon = (await named()).filter(({ validTo }) => Date.parse(validTo) < Date.parse('2037-01-01'));
    expect(soon.map(({ subject }) => subject)).toEqual([]);
  });
});
