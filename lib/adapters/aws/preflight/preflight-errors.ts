import { asker, type Meaning } from '../requests.ts';

const DENIED: Meaning = {
  name: /^(AccessDenied|UnauthorizedOperation|NotAuthorized|AuthFailure)/,
  code: 'platform-denied',
  hint: 'the function’s role lacks this permission; see scripts/serverless/grants.cjs',
};

/** Read-only requests to a service: `asking` runs one, and `ifThere` resolves with undefined for something that does not exist. */
export const ofEc2 = asker('EC2', [DENIED]);
export const ofKms = asker('KMS', [DENIED]);
export const ofIam = asker('IAM', [
  DENIED,
  {
    name: /^NoSuchEntity/,
    code: 'role-unknown',
    hint: 'deploy again: the role that restores does not exist',
  },
]);
