import { Refusal } from '../../domain/errors.ts';
import type { SmokeRequest } from '../../domain/smoke/smoke-request.ts';

const WHY: Record<string, string> = {
  ENOTFOUND: 'its host name is unknown',
  EAI_AGAIN: 'its host name cannot be looked up',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was closed before the answer',
  EPIPE: 'the connection was closed before the answer',
  UND_ERR_SOCKET: 'the connection was closed before the answer',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer ended too early',
  EHOSTUNREACH: 'no way leads to its host',
  ENETUNREACH: 'no way leads to its host',
  ETIMEDOUT: 'its host does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'its host does not answer',
};
const OF_TLS = /^(?:ERR_(?:TLS|SSL)_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/;

/** Why a request had no answer, by the code of the failure alone: its message may quote what was sent. */
export function unreachableApplication({ url }: SmokeRequest, error: unknown): Refusal {
  const { host } = new URL(url);
  const code = codeIn(error);
  if (code && OF_TLS.test(code))
    return new Refusal('tls-failed', `the certificate or TLS of ${host} is not accepted (${code})`, {
      hint: 'give it a certificate of a public authority for this name; one of your own goes into NODE_EXTRA_CA_CERTS',
    });
  if (!code || /INVALID_ARG/.test(code))
    return new Refusal('request-invalid', 'the request cannot be sent with the values that are put into it', {
      hint: 'look for line breaks in secrets that headers refer to',
    });
  return new Refusal(
    'unreachable',
    `no whole answer from ${host}: ${WHY[code] ?? 'the connection failed'} (${code})`,
    {
      hint: 'in a VPC the function needs a way to it: NAT for a public address',
    },
  );
}

/** Of several addresses that failed, the first. */
function codeIn(error: unknown): string | undefined {
  for (let at = error as { code?: unknown; cause?: unknown } | undefined; at; at = at.cause as typeof at)
    if (typeof at.code === 'string') return at.code;
  return undefined;
}
