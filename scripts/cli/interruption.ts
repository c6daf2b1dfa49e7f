import { createInterface } from 'node:readline';
import { BY_SIGNAL, type EndingSignal } from './exit-codes.ts';
import type { Renderer } from './renderer.ts';

const SIGNALS = Object.keys(BY_SIGNAL) as EndingSignal[];

export type Interruptible = {
  /** Ends work of this process cleanly; the command waits for it. */
  end?: (by: EndingSignal) => void;
  /** What became of work of this process that is neither ended cleanly nor goes on. */
  left?: string;
  /** Ends work of another process. */
  cancel?: () => Promise<unknown>;
};

type Choice = { key: string; says: string; act: () => void };

/** Handles signals during shown work. `left` rejects when the work continues without this command. */
export function interruption(title: string, { end, cancel }: Interruptible, shown: Renderer) {
  let by: EndingSignal | undefined;
  let hasLeft = false;
  let close: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const left = new Promise<never>((_resolve, refuse) => (reject = refuse));
  left.catch(() => undefined);

  const endNow = () => {
    shown.say('interrupted: cleaning up');
    end?.(by!);
  };
  const leaveNow = () => {
    hasLeft = true;
    reject(new Error('interrupted'));
  };
  const carryOn = () => {
    by = undefined;
  };
  const choices: Choice[] = end
    ? [
        { key: 'e', says: 'end it now, cleanly', act: endNow },
        { key: 'c', says: 'carry on', act: carryOn },
      ]
    : [
        { key: 'l', says: 'leave it running and stop waiting', act: leaveNow },
        ...(cancel
          ? [
              {
                key: 'e',
                says: 'end it (cancel)',
                act: () => {
                  shown.say('cancelling');
                  // Its run ends on record, which the wait sees; a refusal is shown, and the wait continues.
                  cancel().catch((error: Error) => shown.say(error.message));
                  carryOn();
                },
              },
            ]
          : []),
        { key: 'c', says: 'carry on waiting', act: carryOn },
      ];

  const on = (signal: NodeJS.Signals) => {
    // A second signal while the work is being ended: exit at once.
    if (by) process.exit(BY_SIGNAL[signal as EndingSignal]);
    by = signal as EndingSignal;
    if (signal !== 'SIGINT' || !keys) return choices[0]!.act();
    keys.stop();
    close = ask(title, choices, shown, keys.start);
  };
  const keys = canAsk() ? watchKeys(() => on('SIGINT')) : undefined;
  for (const signal of SIGNALS) process.on(signal, on);
  // Writing to a terminal that hung up fails, which must not end the cleanup.
  process.stderr.on('error', ignored);
  process.stdout.on('error', ignored);
  return {
    left,
    hasLeft: () => (hasLeft ? by : undefined),
    end: () => {
      close();
      keys?.stop();
      for (const signal of SIGNALS) process.off(signal, on);
    },
  };
}

function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Reads ^C as a key: as a signal, the terminal would send it to every program of the work as well. */
function watchKeys(onInterrupt: () => void): { start: () => void; stop: () => void } {
  const { stdin } = process;
  const onData = (typed: Buffer) => {
    if (typed.includes(3)) onInterrupt();
  };
  const keys = {
    start() {
      stdin.setRawMode(true);
      stdin.on('data', onData).resume();
    },
    stop() {
      stdin.off('data', onData).pause();
      stdin.setRawMode(false);
    },
  };
  keys.start();
  return keys;
}

/** Asks until a choice is made; another Ctrl-C, or the end of the input, is the first choice. */
function ask(title: string, choices: readonly Choice[], shown: Renderer, onAnswered: () => void): () => void {
  shown.pause();
  process.stderr.write(
    `\n${title} is running\n${choices.map(({ key, says }) => `  ${key}  ${says}\n`).join('')}`,
  );
  const input = createInterface({ input: process.stdin, output: process.stderr });
  let isAnswered = false;
  const answer = (choice: Choice) => {
    if (isAnswered) return;
    isAnswered = true;
    input.close();
    onAnswered();
    shown.resume();
    choice.act();
  };
  const question = () =>
    input.question(`${choices.map(({ key }) => key).join('/')}? `, (typed) => {
      const chosen = choices.find(({ key }) => key === typed.trim().toLowerCase().slice(0, 1));
      if (chosen) answer(chosen);
      else question();
    });
  input.on('SIGINT', () => answer(choices[0]!));
  input.on('close', () => answer(choices[0]!));
  question();
  return () => {
    isAnswered = true;
    input.close();
  };
}

function ignored(): void {
  // See above.
}
