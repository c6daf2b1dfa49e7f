import pc from 'picocolors';

/** Tells the demo's story on stdout. */
export const narrator = {
  say: (text = '') => void process.stdout.write(`${text}\n`),
  act: (number: number, title: string) => narrator.say(`\n${pc.bold(`${number}  ${title}`)}`),
  /** Shows a command; the work after it is that command's. */
  typed(command: string) {
    const whole = command.replace(/^\.\/understudy /, './understudy --stage demo ');
    narrator.say(`   ${pc.dim('$')} ${pc.bold(whole)}`);
  },
  /** Fails the demo unless the condition holds. */
  expect(condition: boolean, claim: string) {
    if (!condition) throw new Error(`not as expected: ${claim}`);
    narrator.say(`   ${pc.green('✔')} ${claim}`);
  },
};
