import * as z from 'zod';
import { didYouMean } from '../domain/nearest.ts';

/**
 * The parameters of serverless.yml as `deployment:` has them, stage by stage. None has a default here: what is not written
 * keeps the one of serverless.yml. A test holds the two lists together.
 */
const listOf = (pattern: RegExp, expected: string) => z.array(z.string().regex(pattern, expected)).min(1);
const subnets = listOf(/^subnet-[0-9a-z]+$/, 'expected the id of a subnet, such as subnet-0a1b');
const securityGroups = listOf(/^sg-[0-9a-z]+$/, 'expected the id of a security group, such as sg-4e5f');
const memory = z.int().min(128).max(10_240);
/** Lambda's event-source mapping takes 2 to 1000. */
const concurrency = z.int().min(2).max(1000);

/** A value that only the deployment reads: a variable of the environment, a parameter of SSM, a secret. */
export const REFERENCE =
  /^(?:env:[A-Za-z_][A-Za-z0-9_]*|ssm:\/?[A-Za-z0-9_./-]+|secret:[A-Za-z0-9/_+=.@:-]+(?:#[A-Za-z0-9_.-]+)?)$/;
const OR_REFERENCE = 'or env:NAME, ssm:/name, secret:name#key';

const address = z
  .string()
  .refine(
    (text) => REFERENCE.test(text) || /^[^@\s:]+@[^@\s]+\.[^@\s]+$/.test(text),
    `expected an e-mail address, ${OR_REFERENCE}`,
  );
const endpoint = z
  .string()
  .refine(
    (text) => REFERENCE.test(text) || /^https:\/\/[^\s]+$/.test(text),
    `expected an address that begins with https://, ${OR_REFERENCE}`,
  )
  .refine((text) => !hasKey(text), {
    message:
      'this address seems to contain a key or a password, which does not belong in a repository; write env:NAME, ssm:/name or secret:name#key',
  });

export const deploymentSettings = z.strictObject({
  image: z.enum(['build', 'prebuilt']).optional().describe('prebuilt: an image pushed before, by imageUri'),
  imageUri: z
    .string()
    .regex(/^[^\s@]+@sha256:[0-9a-f]{64}$/, 'expected an image with its digest: …@sha256:…')
    .optional(),
  imageProvenance: z
    .enum(['false', ''])
    .optional()
    .describe('Text in quotes; "" for a docker without buildx'),
  pgMajors: z.array(z.int().min(10).max(99)).min(1).optional().describe('PostgreSQL versions in the image'),
  pgExtensions: listOf(/^[a-z0-9.+%-]+$/, 'expected part of a package’s name, such as pgvector')
    .optional()
    .describe('Packages of extensions in the image'),
  architecture: z.enum(['x86_64', 'arm64']).optional(),
  vpcSubnets: subnets.optional().describe('Where the databases are private'),
  vpcSecurityGroups: securityGroups.optional().describe('Those that the databases let in'),
  proveSubnets: subnets.optional().describe('Where policies rehearse in a network of their own'),
  proveSecurityGroups: securityGroups.optional(),
  replicaBucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected the name of a bucket')
    .optional()
    .describe('A bucket in another Region: dumps are replicated to it'),
  replicaRegion: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'expected a Region such as eu-west-1')
    .optional(),
  replicaKey: z
    .string()
    .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/.+$/, 'expected the ARN of a key')
    .optional(),
  standby: z.boolean().optional().describe('Nothing runs by itself'),
  alertEmail: address.optional().describe('Reads alerts and alarms'),
  alertEndpoint: endpoint.optional().describe('Receives alerts'),
  pagerEndpoint: endpoint.optional().describe('Receives pages and alarms'),
  dumpMemory: memory.optional().describe('MB'),
  verifyMemory: memory.optional().describe('MB'),
  scratchMemory: memory.optional().describe('MB'),
  dumpConcurrency: concurrency.optional(),
  verifyConcurrency: concurrency.optional(),
  expireConcurrency: concurrency.optional(),
  preflightConcurrency: concurrency.optional(),
  logRetention: z.int().min(1).optional().describe('Days, of those that CloudWatch Logs takes'),
});

/** `default` holds for every stage; what a stage says itself wins. */
export const deployment = z.record(
  z
    .string()
    .regex(/^[a-z][a-z0-9]{0,15}$/, 'expected default, or a stage of up to 16 letters a–z and digits'),
  deploymentSettings,
);

export type DeploymentByStage = z.infer<typeof deployment>;
export type DeploymentSettings = z.infer<typeof deploymentSettings>;

/** A user, a query, or a long part with letters and digits: none of these is a public address. */
function hasKey(text: string): boolean {
  if (!URL.canParse(text) || REFERENCE.test(text)) return false;
  const { username, password, search, hash, pathname } = new URL(text);
  if (username || password || search || hash) return true;
  return pathname.split('/').some((part) => part.length >= 16 && /\d/.test(part) && /[A-Za-z]/.test(part));
}

/** Which stage of `deployment:` a name could have meant. */
export const meantStage = (stage: string, known: string[]) =>
  didYouMean(stage, known) ?? `it has ${known.join(', ') || 'none'}`;
