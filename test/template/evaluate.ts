import type { Statement, Template } from './template.ts';

/** IAM as far as our policies use it. No emulator evaluates policies; this one does it by the published logic. */
export type Question = { action: string; resource: string; context?: Record<string, string> };
export type Decision = 'allowed' | 'implicitDeny' | 'explicitDeny';

/** Where the deployment is, for the tests: what pseudo parameters stand for. */
export const HERE = { partition: 'aws', region: 'eu-central-1', account: '123456789012' };
/** `arn:aws:rds:eu-central-1:123456789012:db:crm`. */
export const arn = (service: string, rest: string, region = HERE.region) =>
  `arn:aws:${service}:${region}:${HERE.account}:${rest}`;

/** Of a principal's own policies: a deny wins, then an allow. */
export function decide(statements: readonly Statement[], question: Question): Decision {
  const matching = statements.filter((statement) => applies(statement, question));
  if (matching.some(({ effect }) => effect === 'Deny')) return 'explicitDeny';
  return matching.some(({ effect }) => effect === 'Allow') ? 'allowed' : 'implicitDeny';
}

export function may(template: Template, role: string, question: Question): boolean {
  return decide(template.grants(role), question) === 'allowed';
}

function applies({ actions, resources, condition }: Statement, question: Question): boolean {
  return (
    actions.some((action) => like(action.toLowerCase(), question.action.toLowerCase())) &&
    resources.some((resource) => like(here(resource), question.resource)) &&
    fulfilled(JSON.parse(here(condition)), question.context ?? {})
  );
}

const here = (text: string) =>
  text
    .replaceAll('${AWS::Partition}', HERE.partition)
    .replaceAll('${AWS::Region}', HERE.region)
    .replaceAll('${AWS::AccountId}', HERE.account)
    .replaceAll('${AWS::URLSuffix}', 'amazonaws.com');

type Conditions = Record<string, Record<string, string | string[]>>;

function fulfilled(conditions: Conditions, context: Record<string, string>): boolean {
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const found = context[key];
      const values = [wanted].flat();
      switch (operator) {
        case 'StringEquals':
        case 'Bool':
          return found !== undefined && values.includes(found);
        case 'ForAllValues:StringLike': // of requests that name one key
        case 'StringLike':
        case 'ArnEquals':
          return found !== undefined && values.some((value) => like(value, found));
        default:
          throw new Error(`no policy of ours had ${operator} when this was written`);
      }
    }),
  );
}

function like(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(text);
}
