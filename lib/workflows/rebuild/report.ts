/** What keeps an object of the vault, or a whole target, from being points again. */
export type RebuildCode =
  | 'dump-without-manifest'
  | 'manifest-missing'
  | 'manifest-invalid'
  | 'manifest-foreign'
  | 'manifest-replaced'
  | 'artifact-missing'
  | 'artifact-replaced'
  | 'artifact-size-mismatch'
  /** The catalog has a record of this moment that says there is nothing. */
  | 'record-differs'
  | 'target-unknown';

/** Nothing is raised of these: they are the answer to a person who asked. */
export type RebuildFinding = { target: string; code: RebuildCode; message: string };

export type RebuiltTarget = {
  target: string;
  /** Points that the catalog did not have, by their ids. */
  added: string[];
  /** How many it had already. */
  known: number;
  /** Dumps without a manifest that are so young that they may be being made. */
  beingMade: number;
};

export type RebuildReport = {
  dryRun: boolean;
  targets: RebuiltTarget[];
  findings: RebuildFinding[];
  /** What could not be looked at, each with its reason: ask again. */
  failures: string[];
  /** Objects whose keys are no dump's. */
  others: number;
};

/** What has been found so far, while many dumps are read at once. */
export class Tally {
  readonly findings: RebuildFinding[] = [];
  readonly failures: string[] = [];
  readonly others = { count: 0 };
  private readonly targets = new Map<string, RebuiltTarget>();

  of(target: string): RebuiltTarget {
    const known = this.targets.get(target) ?? { target, added: [], known: 0, beingMade: 0 };
    this.targets.set(target, known);
    return known;
  }

  report(dryRun: boolean): RebuildReport {
    const byTarget = (a: { target: string }, b: { target: string }) => a.target.localeCompare(b.target);
    const targets = [...this.targets.values()].sort(byTarget);
    for (const { added } of targets) added.sort();
    const findings = this.findings.sort((a, b) => byTarget(a, b) || a.message.localeCompare(b.message));
    return { dryRun, targets, findings, failures: this.failures.sort(), others: this.others.count };
  }
}
