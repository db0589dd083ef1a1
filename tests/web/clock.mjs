// @ts-check
// A clock that goes by hand: it takes the place of the timers and of `performance.now` of this process.

/** @typedef {{id: number, at: number, work: () => void, every: number}} Timer */

let now = 0;
/** @type {Timer[]} */
let timers = [];
let count = 0;

/** Let everything run that waits for nothing but its turn. */
export const breathe = () => new Promise((resolve) => setImmediate(resolve));

/** @param {() => void} work @param {number} [delay] @param {number} [every] */
function later(work, delay = 0, every = 0) {
  timers.push({ id: ++count, at: now + delay, work, every });
  return count;
}

/** @param {number} id */
const clear = (id) => {
  timers = timers.filter((timer) => timer.id !== id);
};

export function install() {
  Object.assign(globalThis, {
    setTimeout: (/** @type {() => void} */ work, /** @type {number} */ delay) => later(work, delay),
    setInterval: (/** @type {() => void} */ work, /** @type {number} */ delay) => later(work, delay, delay),
    clearTimeout: clear,
    clearInterval: clear,
  });
  performance.now = () => now;
}

/** Display frames too, 16 ms apart: the widget and the web page have them. */
export function installFrames() {
  Object.assign(globalThis, {
    requestAnimationFrame: (/** @type {(time: number) => void} */ work) => later(() => work(now), 16 - (now % 16)),
    cancelAnimationFrame: clear,
  });
}

export function reset() {
  timers = [];
}

export const time = () => now;

/** Let `milliseconds` pass. @param {number} milliseconds */
export async function pass(milliseconds) {
  const end = now + milliseconds;
  for (;;) {
    await breathe();
    const [next] = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at || a.id - b.id);
    if (!next) break;
    now = Math.max(now, next.at);
    if (next.every) next.at += next.every;
    else clear(next.id);
    next.work();
  }
  now = end;
}
