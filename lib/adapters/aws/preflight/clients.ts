import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';

/** Apart from the other clients: these two are large, and only a preflight asks them anything. */
const RETRIES = { maxAttempts: 6 };

export const ec2 = () => new EC2Client(RETRIES);
export const iam = () => new IAMClient(RETRIES);
