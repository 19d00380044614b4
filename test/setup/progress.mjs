/** Steps that are pleasant to watch on a terminal, and plain lines elsewhere. Plain JavaScript: see prepare.mjs. */
const terminal = process.stdout.isTTY === true;
const coloured = terminal && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

const paint = (code) => (text) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text);
export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);
export const yellow = paint(33);
export const cyan = paint(36);

/** `83 ms`, `2.4 s`, `1 min 12 s`. */
export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** A line that moves while something takes its time; nothing at all where there is no terminal. */
export function spinner(title) {
  if (!terminal) return { stop() {} };
  const since = Date.now();
  let frame = 0;
  const draw = () => {
    const seconds = Math.floor((Date.now() - since) / 1000);
    const time = seconds > 1 ? dim(` ${seconds} s`) : '';
    process.stdout.write(`\r\x1b[K${cyan(FRAMES[frame++ % FRAMES.length])} ${title}${time}`);
  };
  draw();
  const timer = setInterval(draw, 100);
  return {
    stop() {
      clearInterval(timer);
      process.stdout.write('\r\x1b[K');
    },
  };
}

/** Does `work` and says how it went and how long it took. What it returns, if it is a text, is shown behind the title. */
export async function step(title, work) {
  const since = performance.now();
  const wait = spinner(title);
  const took = () => dim(duration(performance.now() - since));
  try {
    const result = await work();
    wait.stop();
    const remark = typeof result === 'string' && result ? `: ${result}` : '';
    console.log(`${green('✓')} ${title}${remark} ${took()}`);
    return result;
  } catch (error) {
    wait.stop();
    console.log(`${red('✗')} ${title} ${took()}`);
    throw error;
  }
}
