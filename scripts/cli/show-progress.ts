import { BY_SIGNAL, type EndingSignal } from './exit-codes.ts';
import { type Interruptible, interruption } from './interruption.ts';
import { makeRenderer, type Shown } from './renderer.ts';

/**
 * Shows long work on stderr: a live line on a terminal, plain lines without one. It ends with ✔ only if the result is
 * good. Ctrl-C on a terminal asks what to do. Without one, work of this process is asked to end and is waited for;
 * other work continues without this command, which reports that and ends.
 */
export async function showProgress<T>(
  title: string,
  work: (show: Shown) => Promise<T>,
  isGood: (value: T) => boolean = () => true,
  interruptible: Interruptible = {},
): Promise<T> {
  const shown = makeRenderer(title);
  const signals = interruption(title, interruptible, shown);
  try {
    const value = await Promise.race([work(shown), signals.left]);
    shown.end(isGood(value) ? undefined : 'what it found follows');
    return value;
  } catch (error) {
    shown.end(signals.hasLeft() ? 'no longer watched' : 'could not be done');
    const by = signals.hasLeft();
    if (by) leave(by, interruptible.left);
    throw error;
  } finally {
    signals.end();
  }
}

/** Printed after the progress line has ended. */
function leave(by: EndingSignal, left: string | undefined): never {
  process.stderr.write(
    left === undefined
      ? 'understudy: interrupted; what was asked for goes on\n  next: ./understudy --stage NAME status T shows what became of it\n'
      : `understudy: interrupted; ${left}\n`,
  );
  process.exit(BY_SIGNAL[by]);
}
