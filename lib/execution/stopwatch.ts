import type { Phase } from '../domain/proof/evidence.ts';

/** Measures phases that follow one another, by the moments it is given. */
export type Stopwatch = {
  phases: Phase[];
  /** Ends the current phase and begins the next. */
  begin(name: string, at: Date): void;
  /** Merges all phases but the first into one: their time was spent, but restored nothing. */
  gather(name: string, at: Date): void;
  end(at: Date): void;
};

export function stopwatch(): Stopwatch {
  const phases: Phase[] = [];
  let current: { name: string; began: Date } | undefined;
  const end = (at: Date) => {
    if (current)
      phases.push({ name: current.name, seconds: tenths((at.getTime() - current.began.getTime()) / 1000) });
    current = undefined;
  };
  return {
    phases,
    end,
    begin(name, at) {
      end(at);
      current = { name, began: at };
    },
    gather(name, at) {
      end(at);
      const seconds = phases.splice(1).reduce((sum, phase) => sum + phase.seconds, 0);
      phases.push({ name, seconds: tenths(seconds) });
    },
  };
}

const tenths = (seconds: number) => Math.max(0, Math.round(seconds * 10) / 10);
