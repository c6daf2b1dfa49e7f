import pc from 'picocolors';

export type Narrator = {
  say: (text?: string) => void;
  /** Shows a command; the work after it is that command's. */
  typed: (command: string) => void;
  /** Fails the demo unless the condition holds. */
  expect: (condition: boolean, claim: string) => void;
};

export const narrator: Narrator = {
  say: (text = '') => process.stdout.write(`${text}\n`),
  typed(command) {
    const whole = command.replace(/^\.\/understudy /, './understudy --stage demo ');
    narrator.say(`   ${pc.dim('$')} ${pc.bold(whole)}`);
  },
  expect(condition, claim) {
    if (!condition) throw new Error(`not as expected: ${claim}`);
    narrator.say(`   ${pc.green('✔')} ${claim}`);
  },
};
