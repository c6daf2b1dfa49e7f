import pc from 'picocolors';

export type Narrator = {
  say: (text?: string) => void;
  /** A command as it is typed, of which what follows is the work. */
  typed: (command: string) => void;
  /** What must be so for the demo to have shown what it claims. */
  expect: (condition: boolean, claim: string) => void;
};

export const narrator: Narrator = {
  say: (text = '') => process.stdout.write(`${text}\n`),
  typed(command) {
    const whole = command.replace(/^\.\/understudy /, './understudy --stage demo ');
    narrator.say(`   ${pc.dim('$')} ${pc.bold(whole)}`);
  },
  expect(condition, claim) {
    if (!condition) throw new Error(`this should be so and is not: ${claim}`);
    narrator.say(`   ${pc.green('✔')} ${claim}`);
  },
};
