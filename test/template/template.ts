/** A CloudFormation template as tests ask about it. References are rendered as text: `Vault.Arn`, `${Vault.Arn}/*`. */
type Json = null | string | number | boolean | Json[] | { [key: string]: Json };
export type Resource = {
  Type: string;
  Properties?: { [key: string]: Json };
  DeletionPolicy?: string;
  DependsOn?: Json;
};
export type Statement = {
  effect: string;
  actions: string[];
  resources: string[];
  condition: string;
  principal: string;
};

export class Template {
  readonly resources: Record<string, Resource>;
  readonly outputs: Record<string, Json>;
  readonly parameters: Record<string, Json>;

  constructor(document: {
    Resources: Record<string, Resource>;
    Outputs: Record<string, Json>;
    Parameters?: Record<string, Json>;
  }) {
    this.resources = document.Resources;
    this.parameters = document.Parameters ?? {};
    this.outputs = document.Outputs;
  }

  /** Logical ids of a type, such as `SQS::Queue`. */
  ids(type: string): string[] {
    return Object.keys(this.resources).filter((id) => this.resources[id]!.Type === `AWS::${type}`);
  }

  /** The value at a path of a resource's properties; undefined where there is none. */
  value(id: string, ...path: (string | number)[]): Json | undefined {
    return path.reduce<Json | undefined>(
      (inner, key) => (inner as Record<string | number, Json> | undefined)?.[key],
      this.resources[id]?.Properties,
    );
  }

  /** The same as text: a string as it is, a reference rendered, anything else as JSON. */
  text(id: string, ...path: (string | number)[]): string {
    return render(this.value(id, ...path));
  }

  list(id: string, ...path: (string | number)[]): string[] {
    return listed(this.value(id, ...path));
  }

  /** What a role's policies say: its own, and those that stand apart and name it. */
  grants(role: string): Statement[] {
    const policies = (this.value(role, 'Policies') ?? []) as Json[];
    const apart = [...this.ids('IAM::Policy'), ...this.ids('IAM::ManagedPolicy')].filter((id) =>
      this.list(id, 'Roles').includes(role),
    );
    return [
      ...policies.flatMap((_, index) => this.statements(role, 'Policies', index, 'PolicyDocument')),
      ...apart.flatMap((id) => this.statements(id, 'PolicyDocument')),
    ];
  }

  /** The statements of a role's policies that allow something. */
  allowed(role: string): Statement[] {
    return this.grants(role).filter(({ effect }) => effect === 'Allow');
  }

  roleOf(functionId: string): string {
    return this.text(functionId, 'Role').split('.')[0]!;
  }

  /** Alarms on a metric; with a value, those whose first dimension has it. */
  alarmsOn(metric: string, value?: string): string[] {
    return this.ids('CloudWatch::Alarm').filter(
      (id) =>
        this.text(id, 'MetricName') === metric &&
        (value === undefined || this.text(id, 'Dimensions', 0, 'Value') === value),
    );
  }

  /** Environment variables of a function. */
  variables(functionId: string): Record<string, Json> {
    return this.value(functionId, 'Environment', 'Variables') as Record<string, Json>;
  }

  statements(id: string, ...path: (string | number)[]): Statement[] {
    return ((this.value(id, ...path, 'Statement') ?? []) as Record<string, Json>[]).map((statement) => ({
      effect: String(statement['Effect']),
      actions: listed(statement['Action']),
      resources: listed(statement['Resource']),
      condition: render(statement['Condition'] ?? {}),
      principal: render(statement['Principal'] ?? {}),
    }));
  }

  /** Roles with a statement that allows an action, whatever its conditions. */
  rolesThatMay(action: string): string[] {
    return this.ids('IAM::Role')
      .filter((role) =>
        this.allowed(role).some(({ actions }) => actions.some((granted) => covers(granted, action))),
      )
      .sort();
  }
}

/** Whether a granted action, with its wildcards, covers another. */
function covers(granted: string, action: string): boolean {
  const pattern = granted
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`, 'i').test(action);
}

function listed(value: Json | undefined): string[] {
  return value === undefined ? [] : [value].flat().map(render);
}

export function render(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(plain(value ?? null)).replace(/^"(.*)"$/, '$1');
}

function plain(value: Json): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const [[name, inner] = ['', null], ...others] = Object.entries(value);
  if (others.length === 0) {
    if (name === 'Ref') return String(inner);
    if (name === 'Fn::GetAtt') return (inner as string[]).join('.');
    if (name === 'Fn::Sub') return String([inner].flat()[0]);
    if (name === 'Fn::Join') {
      const [separator, parts] = inner as [string, Json[]];
      return parts.map(render).join(separator);
    }
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
