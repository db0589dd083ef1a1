// @ts-check
// Elements as SVG, for other programs.
//
// Rules of this file: pure. Texts of people are escaped; nothing in an element becomes markup.

import { through } from "../model/curves.js";
import { union } from "../model/geometry.js";

/**
 * @typedef {import("../board/types").Element} Element
 * @typedef {import("../model/elements.js").Primitive} Primitive
 */

/** Board units around it. */
export const EDGE = 8;

/** @param {number} value */
const number = (value) => String(Math.round(value * 100) / 100);
/** A run has no control characters: they are not shown. @param {string} text */
const escaped = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** The text of an SVG of elements, as large as they are. @param {readonly Element[]} elements */
export function svgOf(elements) {
  if (!elements.length) return "";
  const [x0, y0, x1, y1] = elements.map(({ bounds }) => bounds).reduce(union);
  const [wide, high] = [x1 - x0 + 2 * EDGE, y1 - y0 + 2 * EDGE];
  const box = [x0 - EDGE, y0 - EDGE, wide, high].map(number).join(" ");
  const parts = elements.map(({ display, opacity }) => {
    const inner = display.map(primitive).join("");
    return opacity < 1 ? `<g opacity="${number(opacity)}">${inner}</g>` : inner;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${number(wide)}" height="${number(high)}" viewBox="${box}">` +
    `<g fill="none" stroke-linecap="round" stroke-linejoin="round">${parts.join("")}</g></svg>`
  );
}

/** @param {Primitive} part */
function primitive({ path, fill, run, picture }) {
  if (path) {
    const { points, color, width, dash, curved } = path;
    const dashes = dash.length ? ` stroke-dasharray="${dash.map(number).join(" ")}"` : "";
    const inside = path.fill ? ` fill="${path.fill}"` : "";
    const way = curved ? curve(through(points)) : line(points);
    return `<path d="${way}" stroke="${color}" stroke-width="${number(width)}"${dashes}${inside}/>`;
  }
  if (fill) {
    const way = fill.contours.map((one) => `${fill.curved ? curve(one) : line(one)}Z`).join("");
    return `<path d="${way}" fill="${fill.color}"${fill.evenOdd ? ' fill-rule="evenodd"' : ""}/>`;
  }
  if (run) {
    const style = `font-family="sans-serif" font-size="${number(run.size)}" fill="${run.color}" style="white-space:pre"${run.middle ? ' text-anchor="middle"' : ""}`;
    return `<text x="${number(run.x)}" y="${number(run.y)}" ${style}${put(run.affine)}>${escaped(run.text)}</text>`;
  }
  if (picture) {
    const [x0, y0, x1, y1] = picture.box;
    const place = `x="${number(x0)}" y="${number(y0)}" width="${number(x1 - x0)}" height="${number(y1 - y0)}"`;
    return `<image ${place} preserveAspectRatio="none" href="data:${picture.mime};base64,${picture.data}"${put(picture.affine)}/>`;
  }
  return "";
}

/** @param {number[] | undefined} affine */
const put = (affine) => (affine ? ` transform="matrix(${affine.join(" ")})"` : "");

/** @param {number[]} points */
function line(points) {
  const still = points.every((value, i) => value === points[i % 2]);
  const way = still ? [points[0], points[1], points[0] + 0.01, points[1]] : points;
  return `M${way.slice(0, 2).map(number).join(" ")}L${way.slice(2).map(number).join(" ")}`;
}

/** @param {number[]} chain */
function curve(chain) {
  if (chain.length < 6) return line(chain);
  return `M${chain.slice(0, 2).map(number).join(" ")}Q${chain.slice(2).map(number).join(" ")}`;
}
