// @ts-check
// Work that is done at most once a display frame.

/** Milliseconds between two runs where no frames are displayed. */
const FRAME = 16;

export class FrameTimer {
  #work;
  /** @type {any} */
  #timer = 0;
  #frame = 0;

  /** @param {() => void} work */
  constructor(work) {
    this.#work = work;
  }

  /** Run the work once in the next display frame, or after 16 ms where no frames are displayed. */
  request() {
    if (this.#timer) return;
    const displayed = typeof requestAnimationFrame === "function" && !document.hidden;
    if (displayed) this.#frame = requestAnimationFrame(this.#run);
    // A browser may stop its frames without saying so: then the timer does the work.
    this.#timer = setTimeout(this.#run, displayed ? 10 * FRAME : FRAME);
  }

  #run = () => {
    clearTimeout(this.#timer);
    if (this.#frame) cancelAnimationFrame(this.#frame);
    this.#timer = this.#frame = 0;
    this.#work();
  };
}
