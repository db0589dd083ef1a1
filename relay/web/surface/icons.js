// @ts-check
// The icons of the surface: markup of our own, 20 by 20.

/** @param {string} d @param {string} [more] */
const path = (d, more = "") => `<svg viewBox="0 0 20 20"><path d="${d}"/>${more}</svg>`;

/** @type {Record<string, string>} */
export const ICONS = {
  select: path("M4 3l11.5 5.2-4.8 1.7-2 4.9z"),
  lasso: path(
    "M10 3.5c4 0 7 1.9 7 4.5s-3 4.5-7 4.5-7-1.9-7-4.5 3-4.5 7-4.5zM6 12.2c-1.8.9-1.6 3.4.2 3.4 1.6 0 1.5 1.9.3 2.2",
  ),
  hand: path(
    "M6 11V5.2a1.2 1.2 0 0 1 2.4 0V9M8.4 9V3.7a1.2 1.2 0 0 1 2.4 0V9M10.8 9V4.7a1.2 1.2 0 0 1 2.4 0V10M13.2 10V6.7a1.2 1.2 0 0 1 2.4 0v5.6a5 5 0 0 1-5 5c-2.4 0-3.6-1-4.7-2.8L3.6 11.6a1.2 1.2 0 0 1 2-1.3L6 11",
  ),
  pen: path("M3.5 16.5l1-4L13.6 3.4a1.5 1.5 0 0 1 2.1 0l.9.9a1.5 1.5 0 0 1 0 2.1L7.5 15.5z"),
  highlighter: path(
    "M7 13l-2-2 7-7.5 4.5 4.5L9 15zM5 11l-1.5 4.5L8 14",
    '<path class="ipysketch-under" d="M3 18h14"/>',
  ),
  line: path("M4 16L16 4"),
  arrow: path("M4 16L16 4M9 4h7v7"),
  rectangle: path("M3.5 5h13v10h-13z"),
  ellipse: path("M10 4.5c4 0 7 2.4 7 5.5s-3 5.5-7 5.5-7-2.4-7-5.5 3-5.5 7-5.5z"),
  note: path("M4 4h12v8.5L12.5 16H4zM12.5 16v-3.5H16"),
  text: path("M4.5 6V4.5h11V6M10 4.5v11M7.5 15.5h5"),
  image: path("M3 4h14v12H3zM3 13l4-4 4 4 2-2 4 4", '<circle cx="13" cy="7.5" r="1.3"/>'),
  eraser: path(
    "M8.2 16.5h8.3M3.4 12.1l7.9-7.9a1.5 1.5 0 0 1 2.1 0l3 3a1.5 1.5 0 0 1 0 2.1l-7.2 7.2H7L3.4 14.2a1.5 1.5 0 0 1 0-2.1zM7.6 7.9l5.1 5.1",
  ),
  cutter: path("M2.5 10h4.2M13.3 10h4.2M7.2 13.5l3.6-7.6 2.6 1.2-3.6 7.6zM8.3 11.2l2.6 1.2"),
  laser: path("M3 17l8-8", '<circle class="ipysketch-light" cx="13.5" cy="6.5" r="2.4"/>'),
  undo: path("M7.5 4L4 7.5 7.5 11M4 7.5h7.5a4.25 4.25 0 0 1 0 8.5H8"),
  redo: path("M12.5 4L16 7.5 12.5 11M16 7.5H8.5a4.25 4.25 0 0 0 0 8.5H12"),
  previous: path("M12 4.5L6.5 10l5.5 5.5"),
  next: path("M8 4.5l5.5 5.5L8 15.5"),
  more: path("M4.5 10h.01M10 10h.01M15.5 10h.01"),
  full: path("M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4"),
  small: path("M8 4v4H4M16 8h-4V4M12 16v-4h4M4 12h4v4"),
  add: path("M10 4v12M4 10h12"),
  close: path("M5.5 5.5l9 9M14.5 5.5l-9 9"),
  duplicate: path("M7.5 7.5h9v9h-9zM4.5 12.5h-1v-9h9v1"),
  front: path("M10 16V4.5M5.5 9L10 4.5 14.5 9"),
  remove: path("M4 5.5h12M8 5.5V4h4v1.5M5.5 5.5l.8 10.5h7.4l.8-10.5"),
  follow: path(
    "M2.5 10c2-3.6 4.6-5.3 7.5-5.3s5.5 1.7 7.5 5.3c-2 3.6-4.6 5.3-7.5 5.3S4.5 13.6 2.5 10z",
    '<circle cx="10" cy="10" r="2.2"/>',
  ),
  rename: path("M4 16h12M5 12.5l.6-2.6 6.3-6.3 2 2-6.3 6.3z"),
};
