import type { Random } from '../random.ts';
import { type ColumnType, TYPES } from './column-types.ts';
import { newIdentifier } from './new-identifier.ts';

export type Column = { name: string; type: ColumnType; given?: 'generated' | 'identity' };
export type Relation = {
  /** Schema and name, quoted. */
  sql: string;
  schema: string;
  kind: 'table' | 'partitioned' | 'partition' | 'view' | 'materialized' | 'foreign';
  columns: Column[];
  /** What it is a partition of. */
  parent?: string;
  /** Columns of its primary key, if it has one. */
  key?: Column[];
  taken: Set<string>;
};
type Routine = {
  sql: string;
  signature: string;
  kind: 'function' | 'procedure' | 'aggregate' | 'trigger';
};

/** Roles that own and use objects. startLab creates them. */
export const ROLES = ['fuzz_owner', '"Fuzz Owner"', 'fuzz_app', '"fuzz"" odd"', '"__proto__"', 'fuzz_reader'];

/** The schema so far: its objects, and the statements that made them. */
export class SchemaDraft {
  readonly statements: string[] = [];
  readonly schemas: string[] = ['public'];
  readonly relations: Relation[] = [];
  readonly types: ColumnType[] = [];
  readonly routines: Routine[] = [];
  readonly sequences: string[] = [];
  /** Objects with their own names, which `COMMENT ON` and `ALTER … OWNER TO` take. */
  readonly things: { kind: string; sql: string }[] = [];
  readonly random: Random;
  readonly major: number;
  readonly #taken = new Map<string, Set<string>>();

  constructor(random: Random, major: number) {
    this.random = random;
    this.major = major;
  }

  add(...statements: string[]): void {
    this.statements.push(...statements);
  }

  /** Removes the objects of refused statements: those named first in one of them. */
  forget(batch: readonly string[], refused: ReadonlySet<string>): void {
    const gone = (sql: string) => {
      const first = batch.find((statement) => statement.includes(sql));
      return first !== undefined && refused.has(first);
    };
    for (const list of [this.relations, this.types, this.routines, this.things] as { sql: string }[][])
      list.splice(0, list.length, ...list.filter(({ sql }) => !gone(sql)));
    this.sequences.splice(0, this.sequences.length, ...this.sequences.filter((sql) => !gone(sql)));
  }

  /** A new name in a schema, with the schema. Names of relations, types and functions never collide. */
  name(
    prefix: string,
    schema = this.random.pick(this.schemas),
  ): { schema: string; name: string; sql: string } {
    const name = newIdentifier(this.random, prefix, this.takenIn(schema));
    return { schema, name, sql: `${schema}.${name}` };
  }

  /** A new name outside schemas, or within one table. */
  loose(prefix: string, taken = this.takenIn('')): string {
    return newIdentifier(this.random, prefix, taken);
  }

  takenIn(schema: string): Set<string> {
    const taken = this.#taken.get(schema) ?? new Set<string>();
    this.#taken.set(schema, taken);
    return taken;
  }

  type(): ColumnType {
    return this.types.length > 0 && this.random.chance(0.35)
      ? this.random.pick(this.types)
      : this.random.pick(TYPES);
  }

  role(): string {
    return this.random.pick(ROLES);
  }

  /** Relations of these kinds, or any table. */
  of(...kinds: Relation['kind'][]): Relation[] {
    return this.relations.filter((relation) => kinds.includes(relation.kind));
  }

  /** One of them that has columns. */
  any(...kinds: Relation['kind'][]): Relation | undefined {
    const found = this.of(...kinds).filter(({ columns }) => columns.length > 0);
    return found.length > 0 ? this.random.pick(found) : undefined;
  }
}
