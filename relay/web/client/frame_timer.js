// @ts-check
// Work that is done at most once a display frame.

/** Milliseconds between two runs where no frames are displayed. */
const FRAME = 16;

export class FrameTimer {
  #work;
  /** Whether there is work to do. */
  #due = false;
  /** @type {any} */
  #timer = 0;
  #frame = 0;

  /** @param {() => void} work */
  constructor(work) {
    this.#work = work;
  }

  /** Run the work once in the next display frame, or after 16 ms where no frames are displayed. */
  request() {
    this.#due = true;
    this.#wait();
  }

  /** Run the work once the code that runs now has ended; where it was run in this display frame already, in the next. */
  requestNow() {
    const rested = !this.#timer;
    this.request();
    if (rested) queueMicrotask(this.#do);
  }

  #wait() {
    if (this.#timer) return;
    const displayed = typeof requestAnimationFrame === "function" && !document.hidden;
    if (displayed) this.#frame = requestAnimationFrame(this.#turn);
    // A browser may stop its frames without saying so: then the timer does the work.
    this.#timer = setTimeout(this.#turn, displayed ? 10 * FRAME : FRAME);
  }

  #turn = () => {
    clearTimeout(this.#timer);
    if (this.#frame) cancelAnimationFrame(this.#frame);
    this.#timer = this.#frame = 0;
    if (!this.#due) return;
    // What is asked for at once before the next frame comes with that: twice in a frame would be for nothing.
    this.#wait();
    this.#do();
  };

  #do = () => {
    if (!this.#due) return;
    this.#due = false;
    this.#work();
  };
}
