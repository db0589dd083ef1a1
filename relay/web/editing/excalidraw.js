// @ts-check
// Elements from and to Excalidraw's clipboard and files; the twin of `read_excalidraw.py` and `write_excalidraw.py`, for what a
// clipboard holds.
//
// Rules of this file: pure. What is read is a stranger's: a broken element is left out, and whatever is returned is decoded as
// any drawing is.

import { deltas } from "../client/peers.js";
import { through } from "../model/curves.js";
import { decode } from "../model/elements.js";
import { EIGHTHS } from "./effects.js";
import { transformed, turn } from "./matrix.js";

/**
 * @typedef {import("../board/types").Element} Element
 * @typedef {import("../board/types").Fields} Fields
 * @typedef {Record<string, any>} Part an element of Excalidraw
 */

/** How much wider than its lines Excalidraw's own pen is. */
const PEN = 4;
/** How near its first point the last one of a line is where it is closed, in its units. */
const LOOP = 8;
const COLOR = /^#[0-9a-f]{6}/i;
const PICTURE = /^data:(image\/(?:png|jpeg));base64,([A-Za-z0-9+/=]+)$/;
/** What hangs over a text, in parts of its size. */
const HANGS = 0.1;
/** Elements that are read, and characters of a text that may be a drawing. */
const [MOST, LONGEST] = [5000, 20_000_000];

/** @param {any} value */
const finite = (value) => {
  if (typeof value !== "number" || !(Math.abs(value) < 1e5)) throw new RangeError();
  return value;
};
const eighths = (/** @type {any} */ value) => Math.round(finite(value) * EIGHTHS);

/** @param {any} value */
const color = (value) => {
  const text = String(value).replace(/^#([0-9a-f])([0-9a-f])([0-9a-f])$/i, "#$1$1$2$2$3$3");
  return COLOR.test(text) ? text.slice(0, 7).toLowerCase() : "";
};

/** The fields of the elements of a text that is Excalidraw's, the lowest first; null for another. @param {string} text
 * @returns {Fields[] | null} */
export function fromExcalidraw(text) {
  if (text.length > LONGEST || !/^\s*\{/.test(text)) return null;
  let content;
  try {
    content = JSON.parse(text);
  } catch {
    return null;
  }
  if (!["excalidraw", "excalidraw/clipboard"].includes(content?.type) || !Array.isArray(content.elements)) return null;
  return content.elements.slice(0, MOST).flatMap((/** @type {Part} */ one) => {
    try {
      return one.isDeleted ? [] : (read(one, content.files ?? {}) ?? []).filter((fields) => decode("", fields));
    } catch {
      return [];
    }
  });
}

/** @param {Part} one @param {Part} files @returns {Fields[] | null} */
function read(one, files) {
  const ink = color(one.strokeColor);
  const fill = color(one.backgroundColor);
  const { groupIds = [], opacity = 100, strokeStyle } = one;
  const group = groupIds.at?.(-1);
  /** @type {Fields} */
  const common = {
    ...(opacity < 100 && { opacity: Math.max(1, Math.round(opacity)) }),
    ...(group && { group: String(group).slice(0, 64) }),
    ...(one.locked === true && { lock: true }),
  };
  const wide = (/** @type {number} */ by) =>
    Math.max(1, Math.min(1600, Math.round((one.strokeWidth || 1) * by * EIGHTHS)));
  const line = { color: ink, width: wide(1), ...(["dashed", "dotted"].includes(strokeStyle) && { dash: strokeStyle }) };
  const [x, y, width, height] = [one.x, one.y, one.width, one.height];
  const turned = (/** @type {Fields[]} */ all, /** @type {number[]} */ box) =>
    !one.angle
      ? all
      : all.map((fields) => ({
          ...fields,
          ...transformed(fields, turn(one.angle, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2)),
        }));
  const box = [x, y, x + width, y + height];
  if (one.type === "text") {
    const at = [eighths(x), eighths(y)];
    const size = Math.max(1, eighths(one.fontSize));
    return turned([{ kind: "text", at, text: String(one.text), color: ink || "#000000", size, ...common }], box);
  }
  if (one.type === "image") {
    const [, mime, data] = PICTURE.exec(files[one.fileId]?.dataURL) ?? [];
    return mime
      ? turned([{ kind: "image", box: [x, y, width, height].map(eighths), mime, data, ...common }], box)
      : null;
  }
  if (["rectangle", "ellipse", "diamond"].includes(one.type)) {
    if (ink && one.type !== "diamond") {
      const shape = {
        kind: one.type,
        box: [x, y, width, height].map(eighths),
        ...line,
        ...(fill && { fill }),
        ...common,
      };
      return turned([shape], box);
    }
    const count = one.type === "ellipse" ? 64 : 4;
    const first = one.type === "rectangle" ? Math.PI / 4 : 0;
    const reach = one.type === "rectangle" ? Math.SQRT1_2 : 0.5;
    const outline = Array.from({ length: count }, (_, i) => first + (2 * Math.PI * i) / count).flatMap((angle) => [
      eighths(x + width / 2 + Math.cos(angle) * reach * width),
      eighths(y + height / 2 + Math.sin(angle) * reach * height),
    ]);
    return turned([area(outline, fill, ink ? line : {}, common)], box);
  }
  if (!["freedraw", "line", "arrow"].includes(one.type)) return null;
  let flat = one.points.flatMap((/** @type {number[]} */ [dx, dy]) => [x + finite(dx), y + finite(dy)]);
  const [xs, ys] = [0, 1].map((axis) =>
    flat.filter((/** @type {number} */ _, /** @type {number} */ i) => i % 2 === axis),
  );
  const around = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  const closed = flat.length > 4 && Math.hypot(xs[0] - xs.at(-1), ys[0] - ys.at(-1)) <= LOOP;
  if (one.type !== "freedraw" && one.roundness && flat.length > 4) flat = curved(flat);
  const points = flat.map(eighths);
  const all = closed && fill && one.type !== "arrow" ? [area(points, fill, {}, common)] : [];
  if (ink && one.type === "freedraw") {
    const pressed = one.simulatePressure === false && one.pressures?.length === points.length / 2;
    const pressure = pressed && { pressure: one.pressures.map((/** @type {number} */ each) => Math.round(255 * each)) };
    all.push({ kind: "stroke", points: deltas(points), color: ink, width: wide(PEN), ...pressure, ...common });
  } else if (ink) {
    const back = one.startArrowhead && !one.endArrowhead;
    const way = back
      ? points
          .reverse()
          .flatMap((/** @type {number} */ _, /** @type {number} */ i) => (i % 2 ? [] : [points[i + 1], points[i]]))
      : points;
    const kind = one.startArrowhead || one.endArrowhead ? "arrow" : "line";
    all.push({ kind, points: deltas(way), ...line, ...common });
  }
  return turned(all, around);
}

/** @param {number[]} outline @param {string} fill @param {Fields} line @param {Fields} common @returns {Fields} */
const area = (outline, fill, line, common) => ({
  kind: "area",
  contours: [deltas(outline)],
  ...(fill && { fill }),
  ...line,
  ...common,
});

/** A smooth line through points. @param {number[]} flat */
function curved(flat) {
  const at = (/** @type {number} */ i) => flat[Math.max(i % 2 ? 1 : 0, Math.min(flat.length - (i % 2 ? 1 : 2), i))];
  const found = flat.slice(0, 2);
  for (let i = 0; i + 3 < flat.length; i += 2)
    for (let step = 1; step <= 8; step++) {
      const t = step / 8;
      for (const j of [i, i + 1]) {
        const [a, b, c, d] = [j < 2 ? flat[j] : flat[j - 2], flat[j], flat[j + 2], at(j + 4)];
        const [p, q] = [b + (c - a) / 6, c - (d - b) / 6];
        const s = 1 - t;
        found.push(s * s * s * b + 3 * s * s * t * p + 3 * s * t * t * q + t * t * t * c);
      }
    }
  return found;
}

/** Elements as the text of Excalidraw's clipboard. @param {readonly Element[]} elements
 * @param {(key: string) => {fields: Fields} | undefined} entry */
export function toExcalidraw(elements, entry) {
  /** @type {Record<string, any>} */
  const files = {};
  const scene = elements.flatMap((element) => {
    const fields = entry(element.key)?.fields ?? {};
    const parts = written(element, fields, files);
    const groupIds = [...(parts.length > 1 ? [element.key] : []), ...(element.group ? [element.group] : [])];
    return parts.map((part, i) => ({
      ...COMMON,
      id: `${element.key}-${i}`,
      opacity: Math.round(100 * element.opacity),
      locked: fields.lock === true,
      groupIds,
      ...part,
    }));
  });
  return JSON.stringify({ type: "excalidraw/clipboard", elements: scene, files });
}

const COMMON = {
  angle: 0,
  strokeColor: "transparent",
  backgroundColor: "transparent",
  fillStyle: "solid",
  strokeWidth: 1,
  strokeStyle: "solid",
  roughness: 0,
  frameId: null,
  roundness: null,
  seed: 1,
  version: 1,
  versionNonce: 1,
  isDeleted: false,
  boundElements: null,
  updated: 1,
  link: null,
};

/** @param {number} value */
const number = (value) => Math.round(value * 1000) / 1000;

/** @param {string} type @param {number[]} points flat @param {string} strokeColor @param {number} width @param {string} [dash] */
function lineOf(type, points, strokeColor, width, dash) {
  const [xs, ys] = [0, 1].map((axis) => points.filter((_, i) => i % 2 === axis));
  const span = (/** @type {number[]} */ all) => number(Math.max(...all) - Math.min(...all));
  return {
    type,
    x: number(xs[0]),
    y: number(ys[0]),
    width: span(xs),
    height: span(ys),
    points: xs.map((x, i) => [number(x - xs[0]), number(ys[i] - ys[0])]),
    strokeColor,
    strokeWidth: number(width),
    strokeStyle: dash || "solid",
  };
}

/** @param {string} text @param {number} size @param {string} strokeColor */
const textOf = (text, size, strokeColor) => ({
  type: "text",
  strokeColor,
  text,
  originalText: text,
  fontSize: number(size),
  fontFamily: 2,
  textAlign: "left",
  verticalAlign: "top",
  containerId: null,
  lineHeight: 1.25,
});

/** What stands for an element. @param {Element} element @param {Fields} fields @param {Part} files @returns {Part[]} */
function written(element, fields, files) {
  const { kind, points, width = 1, color: ink = "#000000" } = element;
  if ((kind === "stroke" || kind === "highlighter") && points)
    return [
      {
        ...lineOf("freedraw", points, ink, width / PEN),
        pressures: element.pressure ?? [],
        simulatePressure: !element.pressure && element.look === "flow",
      },
    ];
  if ((kind === "line" || kind === "arrow") && points)
    return [
      {
        ...lineOf(kind, points, ink, width, fields.dash),
        startArrowhead: null,
        endArrowhead: kind === "arrow" ? "arrow" : null,
      },
    ];
  if ((kind === "rectangle" || kind === "ellipse") && !fields.transform) {
    const [x, y, wide, high] = fields.box.map(
      (/** @type {number} */ side, /** @type {number} */ i) =>
        (side + (i < 2 ? (fields.offset?.[i] ?? 0) : 0)) / EIGHTHS,
    );
    const strokes = { strokeColor: ink, strokeWidth: width, strokeStyle: fields.dash || "solid" };
    const shape = { type: kind, x, y, width: wide, height: high, ...strokes };
    const words = element.display.filter(({ run }) => run).flatMap((part) => primitive(part, element.key, files));
    return [{ ...shape, backgroundColor: fields.fill || "transparent" }, ...words];
  }
  if (kind === "text" && !fields.transform && !fields.wrap) {
    const [x0, y0, x1, y1] = element.bounds;
    const hangs = HANGS * (fields.size / EIGHTHS); // What the bounds have around it.
    const [x, y, width, height] = [x0 + hangs, y0 + hangs, x1 - x0 - 2 * hangs, y1 - y0 - 2 * hangs].map(number);
    return [{ ...textOf(fields.text, fields.size / EIGHTHS, ink), x, y, width, height }];
  }
  return element.display.flatMap((part, i) => primitive(part, `${element.key}-${i}`, files));
}

/** @param {import("../model/elements.js").Primitive} part @param {string} key @param {Part} files @returns {Part[]} */
function primitive({ path, fill, run, picture }, key, files) {
  if (path) {
    const dash = !path.dash.length ? "" : path.dash[0] ? "dashed" : "dotted";
    const way = path.curved ? through(path.points) : path.points;
    return [{ ...lineOf("line", way, path.color, path.width, dash), backgroundColor: path.fill || "transparent" }];
  }
  if (fill)
    return fill.contours.map((way) => ({
      ...lineOf("line", [...way, way[0], way[1]], "transparent", 1),
      backgroundColor: fill.color,
    }));
  const [a, b, c, d, e, f] = run?.affine ?? picture?.affine ?? [1, 0, 0, 1, 0, 0];
  const angle = Math.atan2(b, a);
  const put = (
    /** @type {number} */ x,
    /** @type {number} */ y,
    /** @type {number} */ width,
    /** @type {number} */ height,
  ) => ({
    angle,
    x: number(a * x + c * y + e - width / 2),
    y: number(b * x + d * y + f - height / 2),
    width: number(width),
    height: number(height),
  });
  if (run) {
    const scale = Math.sqrt(Math.abs(a * d - b * c));
    const [width, height] = [run.width * scale, 1.25 * run.size * scale];
    const place = put(run.x + (run.middle ? 0 : run.width / 2), run.y - 0.325 * run.size, width, height);
    return [{ ...textOf(run.text, run.size * scale, run.color), ...place }];
  }
  if (!picture) return [];
  const [x0, y0, x1, y1] = picture.box;
  files[key] = { id: key, mimeType: picture.mime, dataURL: `data:${picture.mime};base64,${picture.data}`, created: 1 };
  const size = [(x1 - x0) * Math.hypot(a, b), (y1 - y0) * Math.hypot(c, d)];
  const scale = [1, a * d - b * c < 0 ? -1 : 1];
  return [
    { type: "image", ...put((x0 + x1) / 2, (y0 + y1) / 2, size[0], size[1]), fileId: key, status: "saved", scale },
  ];
}
