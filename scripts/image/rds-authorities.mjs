/**
 * Writes Amazon's authorities of RDS for the image's file of authorities:
 *
 *   node scripts/image/rds-authorities.mjs FILE
 */
import { writeFileSync } from 'node:fs';
import { rdsAuthorities } from '../../lib/adapters/engines/postgres/authorities.ts';

if (!process.argv[2]) throw new Error('usage: node scripts/image/rds-authorities.mjs FILE');
writeFileSync(process.argv[2], `${(await rdsAuthorities()).join('\n')}\n`);
