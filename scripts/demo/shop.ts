import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { utc } from '../../lib/domain/time.ts';
import { platform } from '../../lib/runtime/compose.ts';
import { type LocalRds, startLocalRds } from '../local/rds/local-rds.ts';
import { storeSecret } from '../local/store-secret.ts';

export const SHOP = 'shop';
export const SHOP_SECRET = `understudy/${SHOP}`;
const INSTANCE = 'shop-prod';
const PASSWORD = 'of-the-demo-alone';
export const ORDERS = 20_000;

/** An RDS instance on this machine: RDS's own API in front of a real PostgreSQL, with a shop in it. */
export async function startShop(): Promise<LocalRds> {
  const rds = await startLocalRds({ pace: 400 });
  process.env['AWS_ENDPOINT_URL_RDS'] = rds.endpoint;
  const { KeyMetadata } = await new KMSClient({}).send(new CreateKeyCommand({}));
  await rds.createInstance({
    id: INSTANCE,
    database: 'shop',
    masterPassword: PASSWORD,
    backupRetention: 7,
    encrypted: true,
    kmsKeyId: KeyMetadata!.Arn!,
  });
  await rds.instance(INSTANCE).sql(
    'shop',
    `set role postgres;
     create table customers (id int primary key, name text not null);
     insert into customers select n, 'customer ' || n from generate_series(1, 500) n;
     create table orders (id serial primary key, customer int not null references customers, total numeric not null);
     insert into orders (customer, total) select 1 + n % 500, n / 100.0 from generate_series(1, ${ORDERS}) n;`,
  );
  await storeSecret(
    SHOP_SECRET,
    JSON.stringify({
      username: 'postgres',
      password: PASSWORD,
      host: '127.0.0.1',
      port: rds.instance(INSTANCE).port,
      dbname: 'shop',
    }),
  );
  return rds;
}

/** The environment for PostgreSQL's programs to reach the production database. */
export function shopEnvironment(rds: LocalRds): Record<string, string> {
  const PGPORT = String(rds.instance(INSTANCE).port);
  return { PGHOST: '127.0.0.1', PGPORT, PGDATABASE: 'shop', PGUSER: 'postgres', PGPASSWORD: PASSWORD };
}

/** Counts production's orders. */
export async function ordersLeft(rds: LocalRds): Promise<number> {
  const [row] = await rds.instance(INSTANCE).sql('shop', 'select count(*)::int as n from orders');
  return Number(row?.['n']);
}

/** Forgets the WHERE of a DELETE. Resolves with whole seconds before and after it, when RDS can be restored to both. */
export async function forgetTheWhere(rds: LocalRds): Promise<{ before: string; after: string }> {
  const nextSecond = () => new Promise((resolve) => setTimeout(resolve, 1100 - (Date.now() % 1000)));
  await nextSecond();
  const before = utc(new Date());
  await nextSecond();
  await rds.instance(INSTANCE).sql('shop', 'delete from orders');
  await nextSecond();
  const after = utc(new Date());
  while ((await latest()) < after) await nextSecond();
  return { before, after };
}

async function latest(): Promise<string> {
  const source = await platform().source({ kind: 'rds', id: INSTANCE });
  return source?.pitr?.latest ?? '';
}
