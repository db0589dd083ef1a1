// The pen: what hands do on the paper, shown at once and told once a display frame to whoever keeps the drawing: a kernel,
// or the page of the relay.
//
// Rules of this file: ink under a hand is wet, drawn here; it stays until `dry` is told that its stroke is on the
// canvas below, or came to nothing. A stroke is named by this page's view and a number, so that no other page, and no
// other finger, is mistaken for it. Positions are in board units.

import { BOARD, createWet, fit, growWet, paintTrails, paintWet, shine, straightenWet } from "./wet.js";

const CURSOR_EVERY = 66;  // milliseconds
const FRAME = 12;  // milliseconds, a little less than a display shows one
const MOST_ZOOM = 8;
const ERASER_BUTTON = 32;
const HARMLESS = ["select", "laser"];

/**
 * @param {object} parts
 * @param {HTMLElement} parts.el receives the pointers; it covers the paper
 * @param {(kind: string, content?: object) => void} parts.say tells who keeps the drawing
 * @param {string} parts.view names this page
 * @param {() => {tool: string, style: object, canDraw: boolean, others: boolean}} parts.state
 * @param {(x: number, y: number, place: number[]) => void} parts.type is told where a text begins
 * @param {(zoom: number, view: number[]) => void} parts.zoomed is told what is seen now: x, y, width, height
 * @param {AbortSignal} parts.signal
 */
export function createPen({ el, say, view, state, type, zoomed, signal }) {
  const wet = document.createElement("canvas");
  wet.className = "ipysketch-wet";
  el.append(wet);
  const context = wet.getContext("2d");
  /** @type {Map<number, any>} strokes that are wet, by number */
  const strokes = new Map();
  /** @type {Map<number, any>} what each pointer does now */
  const hands = new Map();
  const fingers = new Map();
  /** @type {Map<string, any>} the lights of laser pointers, mine and others' */
  const trails = new Map();
  let count = 0;
  let asked = 0;
  let told = 0;
  let penSeen = false;
  let alive = true;

  // --- where things are ---

  let zoom = 1;
  let left = 0;
  let top = 0;
  const desk = () => el.closest(".ipysketch-desk");
  const paper = () => desk()?.querySelector("canvas.ipysketch-paper");
  const home = document.createElement("button");
  home.type = "button";
  home.className = "ipysketch-home";
  home.textContent = "Whole board";
  home.title = "Show the whole board (0)";
  home.hidden = true;
  home.addEventListener("click", () => look(1, 0, 0), { signal });

  const at = (event) => {
    const box = el.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * BOARD.width,
      ((event.clientY - box.top) / box.height) * BOARD.height,
    ];
  };

  // Show the board `z` times as large, its corner at (x, y) in pixels of the page from the desk's own.
  const look = (z, x, y) => {
    const frame = desk();
    if (!frame) return;
    if (!home.isConnected) frame.append(home);
    zoom = Math.min(MOST_ZOOM, Math.max(1, z));
    left = Math.min(0, Math.max(frame.clientWidth * (1 - zoom), x));
    top = Math.min(0, Math.max(frame.clientHeight * (1 - zoom), y));
    for (const part of [paper(), el]) {
      part.style.transformOrigin = "0 0";
      part.style.transform = zoom === 1 ? "" : `translate(${left}px, ${top}px) scale(${zoom})`;
    }
    el.style.setProperty("--zoom", String(zoom));
    home.hidden = zoom === 1;
    const unit = frame.clientWidth / BOARD.width;
    zoomed(zoom, [-left / zoom / unit, -top / zoom / unit, BOARD.width / zoom, BOARD.height / zoom]);
  };

  const zoomAt = (factor, clientX, clientY) => {
    const box = desk().getBoundingClientRect();
    const x = clientX - box.left;
    const y = clientY - box.top;
    const next = Math.min(MOST_ZOOM, Math.max(1, zoom * factor));
    look(next, x - ((x - left) * next) / zoom, y - ((y - top) * next) / zoom);
  };

  const zoomBy = (factor) => {
    const box = desk().getBoundingClientRect();
    zoomAt(factor, box.left + box.width / 2, box.top + box.height / 2);
  };

  // --- wet ink ---

  // As many pixels in width as the screen has for the board, and not more than the paper has: more of them would be
  // scaled down again each time that the page is put together.
  let across = 0;
  const observer = new ResizeObserver(() => { across = el.clientWidth; });
  observer.observe(el);
  const pixels = () => {
    const most = paper()?.width ?? BOARD.width;
    return across ? Math.min(most, Math.ceil(across * zoom * window.devicePixelRatio)) : most;
  };

  const paint = () => {
    fit(wet, pixels());
    // A page composes what is visible, also when it is empty.
    wet.style.visibility = strokes.size || trails.size ? "" : "hidden";
    const scale = wet.width / BOARD.width;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, wet.width, wet.height);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    for (const stroke of strokes.values()) paintWet(context, stroke);
    if (paintTrails(context, trails)) requestAnimationFrame(paint);
  };

  // These have been painted below, or they came to nothing: once the next frame is on the screen, ours goes. Whoever
  // painted them in this very frame says so with `now`: then not even translucent ink is seen twice.
  const dry = (names, now = false) => {
    const ended = names
      .filter((name) => name.startsWith(`${view}/`))
      .map((name) => Number(name.slice(view.length + 1)))
      .filter((number) => strokes.has(number));
    if (!ended.length) return;
    const go = () => {
      for (const number of ended) strokes.delete(number);
      paint();
    };
    if (now) go();
    else requestAnimationFrame(() => requestAnimationFrame(go));
  };

  // --- hands ---

  const flush = (hand, last = false) => {
    if (!hand.samples.length && !last) return;
    const content = { view, pointer: hand.number, phase: hand.begun ? "move" : "begin", samples: hand.samples };
    if (!hand.begun) Object.assign(content, { ...hand.style, tool: hand.tool, more: hand.more });
    if (hand.straight) content.straight = true;
    if (last) content.last = true;
    hand.begun = true;
    hand.samples = [];
    say("pen", content);
  };

  // What a hand begins is told at once, and what follows once a display frame.
  const tell = () => {
    told = performance.now();
    for (const hand of hands.values()) if (hand.number) flush(hand);
  };

  const tellSoon = () => {
    if (!asked && performance.now() - told >= FRAME) tell();
    else asked ||= requestAnimationFrame(() => {
      asked = 0;
      tell();
    });
  };

  const sample = (hand, event) => {
    const [x, y] = at(event);
    const taken = [Math.round(x * 8) / 8, Math.round(y * 8) / 8, Math.round(event.timeStamp)];
    const pressed = event.pointerType === "pen" && event.pressure > 0 ? event.pressure : null;
    if (pressed !== null) taken.push(Math.round(pressed * 255) / 255);
    const stroke = strokes.get(hand.number);
    if (hand.tool === "laser") shine(trails, `${view}/${hand.number}`, hand.style.color, [taken[0], taken[1]]);
    if (event.shiftKey && hand.begun) {
      // A straight line: only where it began and where it is now count.
      if (!hand.straight) flush(hand);
      hand.straight = true;
      hand.samples = [taken];
      if (stroke) straightenWet(stroke, taken);
      return;
    }
    if (hand.straight) {
      flush(hand);
      hand.straight = false;
    }
    hand.samples.push(taken);
    if (!stroke) return;
    growWet(stroke, taken);
  };

  const begin = (event, tool) => {
    const { style, tool: chosen } = state();
    const taken = tool || chosen;
    const hand = {
      number: ++count, samples: [], begun: false, straight: false, tool: taken, style, more: event.shiftKey,
    };
    hands.set(event.pointerId, hand);
    const wet = createWet(taken, style);
    if (wet) strokes.set(hand.number, wet);
    sample(hand, event);
    paint();
    tellSoon();
  };

  const cancel = (pointer) => {
    const hand = hands.get(pointer);
    hands.delete(pointer);
    if (!hand?.number) return;
    strokes.delete(hand.number);
    paint();
    if (hand.begun) say("pen", { view, pointer: hand.number, phase: "cancel", samples: [] });
  };

  const end = (pointer, event) => {
    const hand = hands.get(pointer);
    hands.delete(pointer);
    if (!hand?.number) return;
    if (event) sample(hand, event);
    paint();
    flush(hand, true);
  };

  // A text begins where the pointer is lifted: a second finger may still come, and only then a phone shows its keyboard.
  const write = (event) => {
    hands.delete(event.pointerId);
    type(...at(event), [event.clientX, event.clientY]);
  };

  const pan = (event) => hands.set(event.pointerId, { x: event.clientX - left, y: event.clientY - top });

  const down = (event) => {
    const touch = event.pointerType === "touch";
    if (event.pointerType === "pen") penSeen = true;
    el.focus({ preventScroll: true });
    el.setPointerCapture(event.pointerId);
    if (touch) {
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      if (fingers.size > 1) {
        for (const pointer of fingers.keys()) cancel(pointer);
        return;
      }
    }
    if (event.button === 1) pan(event);
    else if (touch && penSeen) pan(event);  // A palm beside the pen, or a finger that moves the paper.
    else if (!alive || !(state().canDraw || HARMLESS.includes(state().tool))) {
      if (touch) pan(event);  // Who only watches may look around.
    }
    else if (state().tool === "text" && event.button === 0) hands.set(event.pointerId, { text: true });
    else begin(event, event.button === 2 || event.buttons & ERASER_BUTTON ? "eraser" : "");
  };

  const pinch = (event) => {
    const before = [...fingers.values()];
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    const [[ax, ay], [bx, by]] = before;
    const [[cx, cy], [dx, dy]] = fingers.values();
    const factor = Math.hypot(cx - dx, cy - dy) / Math.max(1, Math.hypot(ax - bx, ay - by));
    look(zoom, left + (cx + dx - ax - bx) / 2, top + (cy + dy - ay - by) / 2);
    zoomAt(factor, (cx + dx) / 2, (cy + dy) / 2);
  };

  let pointed = 0;
  let telling = 0;
  const hover = (event) => {
    if (!state().others) return;
    const [x, y] = at(event);
    clearTimeout(telling);
    const point = () => {
      pointed = performance.now();
      say("cursor", { x, y });
    };
    // The last place counts, so it is told even when nothing follows.
    telling = setTimeout(point, Math.max(0, pointed + CURSOR_EVERY - performance.now()));
  };

  const move = (event) => {
    if (fingers.size > 1) {
      if (fingers.has(event.pointerId) && fingers.size === 2) pinch(event);
      return;
    }
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, [event.clientX, event.clientY]);
    const hand = hands.get(event.pointerId);
    if (!hand || hand.text) {
      hover(event);
    } else if (!hand.number) {
      look(zoom, event.clientX - hand.x, event.clientY - hand.y);
    } else {
      const coalesced = event.getCoalescedEvents?.() ?? [];
      for (const each of coalesced.length ? coalesced : [event]) sample(hand, each);
      paint();
      tellSoon();
    }
  };

  const up = (event) => {
    fingers.delete(event.pointerId);
    if (hands.get(event.pointerId)?.text) write(event);
    else end(event.pointerId, event);
  };

  const lost = (event) => {
    fingers.delete(event.pointerId);
    if (event.type === "pointercancel" && event.pointerType === "touch") cancel(event.pointerId);
    else end(event.pointerId, null);
  };

  el.addEventListener("pointerdown", down, { signal });
  el.addEventListener("pointermove", move, { signal });
  el.addEventListener("pointerup", up, { signal });
  el.addEventListener("pointercancel", lost, { signal });
  el.addEventListener("lostpointercapture", lost, { signal });
  el.addEventListener("pointerleave", () => {
    clearTimeout(telling);
    if (state().others) say("cursor");
  }, { signal });
  // The right button erases, the middle one moves the paper, and the notebook must not select text meanwhile.
  el.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
  el.addEventListener("mousedown", (event) => event.preventDefault(), { signal });
  el.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;  // The page scrolls.
    event.preventDefault();
    zoomAt(Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
  }, { signal, passive: false });
  signal.addEventListener("abort", () => {
    cancelAnimationFrame(asked);
    clearTimeout(telling);
    observer.disconnect();
    home.remove();
  });

  return {
    dry,
    look,
    pixels,
    // The latest places of others' laser pointers: [name, color, how many there were, x, y, …] in parts of the board.
    lasers: (all) => {
      for (const [name, color, total, ...places] of all) {
        const known = trails.get(name)?.total ?? 0;
        const fresh = Math.min(total - known, places.length / 2);
        for (let i = places.length - 2 * fresh; i < places.length; i += 2) {
          shine(trails, name, color, [places[i] * BOARD.width, places[i + 1] * BOARD.height]);
        }
        if (trails.has(name)) trails.get(name).total = total;
      }
      paint();
    },
    zoomBy,
    // Show x, y, width and height of the board, or the whole of it.
    show: (view) => {
      const frame = desk();
      if (!frame) return;
      if (!view) return look(1, 0, 0);
      const [x, y, width] = view;
      const factor = Math.min(MOST_ZOOM, Math.max(1, BOARD.width / width));
      const unit = (frame.clientWidth / BOARD.width) * factor;
      look(factor, -x * unit, -y * unit);
    },
    cancelAll: () => { for (const pointer of [...hands.keys()]) cancel(pointer); },
    endAll: () => { for (const pointer of [...hands.keys()]) end(pointer, null); },
    // Without a kernel, ink that only this page has must not look as if it were drawn.
    enable: (yes) => {
      alive = yes;
      if (yes) return;
      hands.clear();
      strokes.clear();
      paint();
    },
  };
}
