import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';

/** Separate from the other clients: these two are large, and only a preflight uses them. */
const RETRIES = { maxAttempts: 6 };

export const ec2 = () => new EC2Client(RETRIES);
export const iam = () => new IAMClient(RETRIES);
