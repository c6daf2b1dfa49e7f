import pc from 'picocolors';
import { columnsOf } from './fit-lines.ts';

export type ProgressLine = {
  /** Prints a line that stays. */
  say(text: string): void;
  /** Shows the current progress; the next call replaces it. */
  live(text: string): void;
};

export type Shown = ProgressLine & {
  /** Stops drawing during a question. */
  pause(): void;
  resume(): void;
};

export type Renderer = Shown & {
  /** The last line: ✔, or ✖ and why. */
  end(why?: string): void;
};

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** The shortest time between two progress lines without a terminal, in milliseconds. */
const PLAIN_EVERY = 10_000;

/** Draws work on stderr. A closed stderr does not stop the work. */
export function makeRenderer(title: string, stream: NodeJS.WriteStream = process.stderr): Renderer {
  const write = (text: string) => void stream.write(text);
  return stream.isTTY ? onTerminal(title, write, stream) : plain(title, write);
}

function onTerminal(title: string, write: (text: string) => void, stream: NodeJS.WriteStream): Renderer {
  let now = '';
  let frame = 0;
  let isPaused = false;
  const clear = '\r\u001b[2K';
  const draw = () => {
    if (isPaused) return;
    const text = `${title}${now ? `  ${now}` : ''}`.slice(0, columnsOf(stream) - 3);
    write(`${clear}${FRAMES[frame++ % FRAMES.length]} ${text}`);
  };
  const timer = setInterval(draw, 100);
  timer.unref();
  draw();
  return {
    say(text) {
      write(`${clear}${pc.dim('›')} ${text}\n`);
      draw();
    },
    live(text) {
      now = text;
    },
    pause() {
      isPaused = true;
      write(clear);
    },
    resume() {
      isPaused = false;
      draw();
    },
    end(why) {
      clearInterval(timer);
      isPaused = true;
      write(`${clear}${lastLine(title, why)}\n`);
    },
  };
}

function plain(title: string, write: (text: string) => void): Renderer {
  let said = Date.now();
  write(`❯ ${title}\n`);
  return {
    say: (text) => write(`› ${text}\n`),
    live(text) {
      if (Date.now() - said < PLAIN_EVERY) return;
      said = Date.now();
      write(`… ${title}: ${text}\n`);
    },
    pause: () => undefined,
    resume: () => undefined,
    end: (why) => write(`${lastLine(title, why)}\n`),
  };
}

function lastLine(title: string, why: string | undefined): string {
  return why === undefined ? `${pc.green('✔')} ${title}` : `${pc.red('✖')} ${title}: ${why}`;
}
