import { isDeepStrictEqual } from 'node:util';
import type { FunctionConfiguration } from '@aws-sdk/client-lambda';

/** What differs between a function and a version of it that is the same; everything else is code or a setting. */
const OF_ITS_OWN = [
  ...['$metadata', 'FunctionArn', 'Version', 'RevisionId', 'Description', 'LastModified', 'MasterArn'],
  ...['State', 'StateReason', 'StateReasonCode', 'SnapStart', 'ConfigSha256'],
  ...['LastUpdateStatus', 'LastUpdateStatusReason', 'LastUpdateStatusReasonCode'],
];

/** Are they of the same code and settings? Never true of an environment that could not be read. */
export function sameFunction(one: FunctionConfiguration, other: FunctionConfiguration): boolean {
  if (one.Environment?.Error || other.Environment?.Error) return false;
  if (one.SnapStart?.ApplyOn !== other.SnapStart?.ApplyOn) return false;
  return isDeepStrictEqual(settingsOf(one), settingsOf(other));
}

function settingsOf(configuration: FunctionConfiguration): unknown {
  const settings = Object.entries(configuration).filter(
    ([name, value]) => !OF_ITS_OWN.includes(name) && value !== undefined,
  );
  return Object.fromEntries(settings);
}

/** What a description may have at most. */
const ROOM = 256;

const markOf = (token: string) => `[understudy ${token}]`;

export const hasMark = ({ Description = '' }: FunctionConfiguration, token: string): boolean =>
  Description.endsWith(markOf(token));

/** A description that ends with this mark, instead of one from before. */
export function describedWith(description: string | undefined, token: string): string {
  const mark = markOf(token);
  const own = (description ?? '').replace(/\s*\[understudy [^\]]*\]$/, '').slice(0, ROOM - mark.length - 1);
  return own === '' ? mark : `${own} ${mark}`;
}
