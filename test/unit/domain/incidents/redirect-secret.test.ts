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

const NEON = { host: 'ep-cool-sun-123456.eu-central-1.aws.neon.tech', port: 5432 };
const POOLER = 'ep-cool-sun-123456-pooler.eu-central-1.aws.neon.tech';
const [CRM, RESTORED] = ['crm', 'crm_restored_20261120t120000z'];

describe('to another database of the same server', () => {
  const there = (text: string, at = FROM) =>
    redirectSecret(text, { ...at, database: CRM }, { ...at, database: RESTORED });

  test.each([
    ['RDS’s own JSON', `{"username":"crm","host":"${FROM.host}","port":5432,"dbname":"$"}`],
    ['JSON with the port as text', `{"database":"$","PGHOST":"${FROM.host}","PGPORT":"5432"}`],
    ['JSON without a port', `{"DB_NAME":"$","DB_HOST":"${FROM.host}","DB_USER":"crm"}`],
    [
      'JSON whose database is its name',
      `{"db":{"name":"$","user":"crm","host":"${FROM.host}"},"name":"crm"}`,
    ],
    [
      'JSON with the name of an instance',
      `{"dbInstanceIdentifier":"crm","host":"${FROM.host}","dbname":"$"}`,
    ],
    ['a URL', `postgres://crm:p%40@${FROM.host}:5432/$?sslmode=require`],
    ['a URL without a port', `postgresql://crm:crm@${FROM.host}/$`],
    ['a URL with several hosts', `postgres://crm@10.0.0.1,${FROM.host}:5432/$`],
    ['a URL with the database in its query', `postgres://${FROM.host}?user=crm&dbname=$`],
    ['a URL of Java', `jdbc:postgresql://${FROM.host}:5432/$?user=crm`],
    ['JSON with URLs', `{"A":"postgres://crm@${FROM.host}/$","B":"postgres://crm@${FROM.host}/erp"}`],
    ['a DSN', `host=${FROM.host} port=5432 user=crm dbname=$ password=crm`],
    ['a DSN with quotes', `host='${FROM.host}' dbname='$'`],
    ['a connection string of .NET', `Host=${FROM.host};Port=5432;Database=$;Username=crm`],
    ['lines of an environment', `PGHOST=${FROM.host}\nPGUSER=crm\nPGDATABASE=$\n`],
    ['a URL in an environment', `DATABASE_URL=postgres://crm:x@${FROM.host}/$\nNAME=crm\n`],
  ])('%s names it, and nothing else in it changes', (_, text) => {
    const before = text.replaceAll('$', CRM);
    expect(there(before)).toBe(text.replaceAll('$', RESTORED));
    expect(redirectSecret(before, { ...FROM, database: CRM }, { ...FROM, database: CRM })).toBe(before);
  });

  test.each([
    ['a URL', `postgres://crm@${POOLER}/$?sslmode=require`],
    ['a URL with its own port', `postgres://crm@${POOLER}:6543/$`],
    ['JSON', `{"host":"${POOLER}","port":6543,"dbname":"$"}`],
    ['a DSN', `host=${POOLER} port=6543 dbname=$`],
    ['both', `{"direct":"postgres://c@${NEON.host}/$","pooled":"postgres://c@${POOLER}/$"}`],
  ])('%s of Neon’s pooler is of the same database', (_, text) => {
    expect(there(text.replaceAll('$', CRM), NEON)).toBe(text.replaceAll('$', RESTORED));
    expect(there(text.replaceAll('$', CRM), { ...NEON, host: POOLER, port: 6543 })).toBe(
      text.replaceAll('$', RESTORED),
    );
  });

  test.each([
    ['another database', `{"host":"${FROM.host}","dbname":"erp"}`],
    ['a URL of another database', `postgres://crm@${FROM.host}/crm2`],
    ['another server', '{"host":"db.example.com","dbname":"crm"}'],
    ['a server at another port', `{"host":"${FROM.host}","port":6543,"dbname":"crm"}`],
    ['a URL with another port', `postgres://crm@${FROM.host}:6543/crm`],
    ['a DSN with another port', `host=${FROM.host} port=6543 dbname=crm`],
    [
      'a host that only looks like a pooler',
      `{"host":"${FROM.host.replace('crm-db', 'crm-db-pooler')}","dbname":"crm"}`,
    ],
    ['a URL without a database', `postgres://crm@${FROM.host}`],
    ['a user of that name alone', `{"host":"${FROM.host}","user":"crm"}`],
  ])('%s is not switched', (_, text) => {
    expect(there(text)).toBeUndefined();
  });

  test('a name is written as a URL needs it', () => {
    const at = (database: string) => ({ ...FROM, database });
    expect(redirectSecret(`postgres://${FROM.host}/m%C3%BC%2Fx`, at('mü/x'), at('mü/y'))).toBe(
      `postgres://${FROM.host}/m%C3%BC%2Fy`,
    );
  });

  const MYSQL = 'MYSQL_HOST=wh.example.com\nMYSQL_PORT=3306\nMYSQL_DATABASE=crm';

  test.each([
    [
      'JSON with another server',
      `{"host":"${FROM.host}","port":5432,"dbname":"$","warehouse_host":"wh.example.com","warehouse_dbname":"crm","MONGO_DB":"crm"}`,
    ],
    [
      'JSON with a database of another server at another port',
      `{"PGHOST":"${FROM.host}","PGDATABASE":"$","MYSQL_HOST":"wh.example.com","MYSQL_PORT":3306,"MYSQL_DATABASE":"crm"}`,
    ],
    [
      'JSON with the same name at another port of the host',
      `{"DB_HOST":"${FROM.host}","DB_NAME":"$","DB_PORT":5432,"OLD_DB_HOST":"${FROM.host}","OLD_DB_PORT":6543,"OLD_DB_NAME":"crm"}`,
    ],
    [
      'JSON with the URL of another server',
      `{"host":"${FROM.host}","dbname":"$","MONGO_URL":"mongodb://m.example.com/crm","MONGO_DB":"crm"}`,
    ],
    ['lines with another server', `PGHOST=${FROM.host}\nPGDATABASE=$\n${MYSQL}`],
    [
      'lines that say it twice',
      `DATABASE_URL=postgres://crm:x@${FROM.host}/$\nPGHOST=${FROM.host}\nPGDATABASE=$\n`,
    ],
    ['lines with an empty one before', `PGHOST=${FROM.host}\nEMPTY_DB=\nPGDATABASE=$\n`],
    ['a URL of the web beside it', `{"PGHOST":"${FROM.host}","DB_NAME":"$","URL":"https://crm.example.com"}`],
  ])('%s: only the names of this server change', (_, text) => {
    expect(there(text.replaceAll('$', CRM))).toBe(text.replaceAll('$', RESTORED));
  });

  test.each([
    [
      'a server with a port of its own',
      `{"host":"${NEON.host}","dbname":"$","MYSQL_PORT":3306,"MYSQL_DATABASE":"crm"}`,
    ],
    ['lines of another server', `PGHOST=${POOLER}\nPGDATABASE=$\n${MYSQL}`],
  ])('beside Neon %s stays as it is', (_, text) => {
    expect(there(text.replaceAll('$', CRM), NEON)).toBe(text.replaceAll('$', RESTORED));
  });

  test.each([
    ['a name of no server', `{"PGHOST":"${FROM.host}","WH_HOST":"wh.example.com","DB_NAME":"crm"}`],
    [
      'such a name beside a URL that is clear',
      `{"A":"postgres://${FROM.host}/crm","PGHOST":"${FROM.host}","WH_HOST":"wh.example.com","DB_NAME":"crm"}`,
    ],
    ['lines of a name of no server', `PGHOST=${FROM.host}\nWH_HOST=wh.example.com\nDB_NAME=crm`],
    [
      'such lines beside a URL that is clear',
      `URL=postgres://${FROM.host}/crm\nPGHOST=${FROM.host}\nWH_HOST=wh.example.com\nDB_NAME=crm`,
    ],
    ['two servers under one key', `host=${FROM.host} dbname=crm\nhost=wh.example.com dbname=crm`],
  ])('%s is not guessed', (_, text) => {
    expect(there(text)).toBeUndefined();
  });
});
