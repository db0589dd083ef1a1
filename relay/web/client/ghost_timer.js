// @ts-check
// Ends in time what is shown of others after a connection was lost.

/** @typedef {import("./peers.js").Peers} Peers */

export class GhostTimer {
  #peers;
  #over;
  /** @type {any} */
  #timer = 0;

  /** @param {Peers} peers @param {() => void} over is called when something is shown no longer */
  constructor(peers, over) {
    this.#peers = peers;
    this.#over = over;
  }

  /** The connection that told of the peers is lost. */
  lose() {
    this.#peers.lose(performance.now());
    this.#wait();
  }

  #wait() {
    clearTimeout(this.#timer);
    const { due } = this.#peers;
    if (due === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(
      () => {
        if (this.#peers.expire(performance.now())) this.#over();
        this.#wait();
      },
      Math.max(0, Math.ceil(due - performance.now())),
    );
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
