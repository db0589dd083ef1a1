// @ts-check
// As much of a browser's document as the board's modules use, with boxes that the test sets.

import { install, installFrames, pass } from "./clock.mjs";

/** @typedef {{left: number, top: number, width: number, height: number}} Box */

export class FakeNode extends EventTarget {
  /** @type {FakeNode[]} */
  children = [];
  /** @type {FakeNode | null} */
  parent = null;
  className = "";
  textContent = "";
  innerHTML = "";
  hidden = false;
  title = "";
  width = 1280;
  height = 720;
  /** @type {Record<string, any>} */
  style = {
    setProperty(/** @type {string} */ name, /** @type {string} */ value) {
      this[name] = value;
    },
  };
  /** @type {Map<string, string>} */
  attributes = new Map();
  /** @type {Box} */
  box = { left: 0, top: 0, width: 1280, height: 720 };
  context = new FakeContext(this);
  disabled = false;
  classList = new ClassList();
  /** @type {number[]} */
  captured = [];

  /** @param {string} tag */
  constructor(tag = "div") {
    super();
    this.localName = tag;
  }

  get isConnected() {
    return this.parent !== null;
  }

  get clientWidth() {
    return this.box.width;
  }

  get clientHeight() {
    return this.box.height;
  }

  /** @param {...FakeNode} nodes */
  append(...nodes) {
    for (const node of nodes) node.parent = this;
    this.children.push(...nodes);
  }

  /** @param {...FakeNode} nodes */
  prepend(...nodes) {
    for (const node of nodes) node.parent = this;
    this.children.unshift(...nodes);
  }

  remove() {
    if (this.parent) this.parent.children = this.parent.children.filter((node) => node !== this);
    this.parent = null;
  }

  /** @param {string} name @param {string} value */
  setAttribute(name, value) {
    this.attributes.set(name, value);
  }

  /** @param {string} name */
  getAttribute(name) {
    return this.attributes.get(name) ?? null;
  }

  getBoundingClientRect() {
    return this.box;
  }

  getContext() {
    return this.context;
  }

  focus() {}

  click() {
    this.dispatchEvent(new Event("click"));
  }

  /** @param {number} pointer */
  setPointerCapture(pointer) {
    this.captured.push(pointer);
  }

  /** @param {string} selector `.class` @returns {FakeNode | null} */
  closest(selector) {
    return this.className === selector.slice(1) ? this : (this.parent?.closest(selector) ?? null);
  }

  /** @param {string} selector `tag.class` @returns {FakeNode | null} */
  querySelector(selector) {
    const [tag, name] = selector.split(".");
    return this.children.find((node) => node.localName === tag && node.className === name) ?? null;
  }
}

/** The further classes of a node, beside its first. @extends {Set<string>} */
class ClassList extends Set {
  /** @param {string} name */
  contains(name) {
    return this.has(name);
  }

  /** @param {string} name @param {boolean} on */
  toggle(name, on) {
    if (on) this.add(name);
    else this.delete(name);
  }
}

/** A canvas context that records what is painted on it. */
export class FakeContext {
  /** Calls and their arguments. @type {[string, ...any[]][]} */
  calls = [];
  globalAlpha = 1;
  /** a, d, e and f of the transform. */
  transform = [1, 1, 0, 0];
  /** @type {{alpha: number, transform: number[]}[]} */
  #saved = [];

  /** @param {any} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    const painting = [
      "beginPath",
      "moveTo",
      "lineTo",
      "quadraticCurveTo",
      "rect",
      "clip",
      "closePath",
      "clearRect",
      "fill",
      "stroke",
      "fillText",
      "drawImage",
      "setLineDash",
    ];
    for (const name of painting) {
      Object.assign(this, {
        [name]: (/** @type {any[]} */ ...values) => {
          this.calls.push([name, ...values]);
        },
      });
    }
  }

  /** The calls of one name, without the name. @param {string} name */
  of(name) {
    return this.calls.filter(([call]) => call === name).map(([, ...values]) => values);
  }

  save() {
    this.#saved.push({ alpha: this.globalAlpha, transform: this.transform });
  }

  restore() {
    const saved = this.#saved.pop();
    if (saved) [this.globalAlpha, this.transform] = [saved.alpha, saved.transform];
  }

  /** @param {number} a @param {number} _b @param {number} _c @param {number} d @param {number} e @param {number} f */
  setTransform(a, _b, _c, d, e, f) {
    this.transform = [a, d, e, f];
  }

  resetTransform() {
    this.transform = [1, 1, 0, 0];
  }

  getTransform() {
    const [a, d, e, f] = this.transform;
    return { a, d, e, f };
  }
}

/** A node as the modules' types want one. @param {FakeNode} node @returns {any} */
export const asNode = (node) => node;

install();
installFrames();
Object.assign(globalThis, {
  window: Object.assign(new EventTarget(), { devicePixelRatio: 1 }),
  document: Object.assign(new EventTarget(), {
    createElement: (/** @type {string} */ tag) => new FakeNode(tag),
    createElementNS: (/** @type {string} */ _space, /** @type {string} */ tag) => new FakeNode(tag),
    hidden: false,
  }),
  ResizeObserver: class {
    /** @param {() => void} changed */
    constructor(changed) {
      this.changed = changed;
    }

    observe() {
      queueMicrotask(() => this.changed()); // As browsers do: never before `observe` returns.
    }

    disconnect() {}
  },
});

/** Return a desk with a paper and an overlay, each as large as `box`. @param {Box} [box] */
export function board(box = { left: 0, top: 0, width: 1280, height: 720 }) {
  const [desk, paper, overlay] = [new FakeNode(), new FakeNode("canvas"), new FakeNode()];
  desk.className = "ipysketch-desk";
  paper.className = "ipysketch-paper";
  desk.append(paper, overlay);
  for (const node of [desk, paper, overlay]) node.box = box;
  return { desk, paper, overlay };
}

/** Dispatch a pointer event. @param {FakeNode} node @param {string} type @param {Record<string, any>} fields */
export function point(node, type, fields) {
  const event = new Event(type, { cancelable: true });
  const usual = {
    pointerId: 1,
    pointerType: "mouse",
    button: 0,
    buttons: 1,
    clientX: 0,
    clientY: 0,
    pressure: 0.5,
    shiftKey: false,
    altKey: false,
    ctrlKey: false,
    metaKey: false,
  };
  for (const [name, value] of Object.entries({ ...usual, ...fields })) Object.defineProperty(event, name, { value });
  node.dispatchEvent(event);
  return event;
}

/** Let two display frames pass. */
export const frames = () => pass(40);
