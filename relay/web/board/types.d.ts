// The two interfaces of the front end: types alone, which nothing loads.
//
// A `Board` is one drawing as one view sees it, over one of two roads: `KernelBoard` (the kernel's comm) and `RelayBoard`
// (the relay's websocket). An `Editor` is what hands do on it: tools, style, selection, the part that is seen. What lies
// around the paper (buttons, panels, people) is built on these two and on nothing below them.
//
// Fields and previews have whole eighths of a board unit, as on the wire; everything else is in board units.

import type { Element } from "../model/elements.js";
import type { Action, Fields } from "../model/messages.js";

export type { Action, Element, Fields };

/** x, y, width and height in board units. */
export type Box = [x: number, y: number, width: number, height: number];

export interface Entry {
  fields: Fields;
  place: number;
  author: string;
}

export interface Person {
  /** "" before this view has joined. */
  peer: string;
  name: string;
  color: string;
  me: boolean;
  /** The key of the page they see; "" is the first. */
  page: string;
  /** In board units; null when it is not over the board. */
  cursor: [x: number, y: number] | null;
  role?: "viewer" | "editor" | "moderator" | "owner";
  drawing?: boolean;
  verified?: boolean;
  author?: string;
  following?: string;
}

export interface PageEntry {
  key: string;
  /** "" when it has none; the first page has the key "". */
  name: string;
}

/** Ink under another person's hand, or an element that they are dragging. */
export type LiveInk = Element & { peer: string; page: string };

export interface Laser {
  peer: string;
  name: string;
  color: string;
  /** How many places there were since the trail began. */
  total: number;
  /** The last of them: flat, in board units. */
  points: number[];
}

export interface Capabilities {
  draw: boolean;
  /** Erase and change what others drew, clear, and delete pages. */
  clear: boolean;
  moderate: boolean;
  undo: boolean;
  redo: boolean;
}

export interface Status {
  /** "solo": a board of its own, of no room. "gone": its kernel ended, and nothing that is drawn now would be kept. "cut":
   * the way to the kernel is interrupted. */
  connection: "connecting" | "connected" | "ended" | "solo" | "gone" | "cut";
  /** The connection in words. */
  words: string;
  /** What went otherwise than meant, in words; "" when nothing did. */
  notice: string;
  /** Own operations without a verdict. */
  pending: number;
  /** The part of a large drawing that is loaded, 0 to 1; null when nothing is being loaded. */
  progress: number | null;
}

export interface News {
  /** One sentence, such as "Ada cleared page 2". */
  text: string;
  undo?: () => void;
}

/** Events: "elements", "live", "people", "pages", "status", "can", and "news" (a `CustomEvent<News>`). Each is dispatched at
 * most once a display frame. */
export interface Board extends EventTarget {
  readonly room: string;
  readonly width: number;
  readonly height: number;

  /** The key of the page that this view shows. */
  readonly page: string;
  readonly pages: readonly PageEntry[];
  /** The elements of that page, bottom first, with own pending work; one that did not change stays the same object. */
  readonly elements: readonly Element[];
  entry(key: string): Entry | undefined;
  readonly live: readonly LiveInk[];
  /** Elements that others are dragging, where `elements` has them where they rest: an offset in eighths, perhaps with a
   * transform, as in presence. */
  readonly moving?: ReadonlyMap<string, readonly number[]>;
  readonly lasers: readonly Laser[];

  /** Everybody in the room, this view first. */
  readonly people: readonly Person[];
  /** The page of each screen that only watches: these are not among the people. */
  readonly projectors?: readonly string[];
  readonly can: Readonly<Capabilities>;
  /** Why one may not draw, in words; "" when one may. */
  readonly mode: string;
  readonly status: Readonly<Status>;
  /** The author of what this view draws; "" before it is known. */
  readonly author: string;

  /** Who cleared a page last, or deleted it. */
  readonly cleared?: { page: string; author: string; seq: number };

  /** Whether this view may change or erase `element`. */
  mayChange(element: { author: string }): boolean;
  /** Do `actions` on any page as one operation, which one `undo` takes back: seen at once, however far the other side is. */
  submit(actions: Action[]): void;
  undo(): void;
  redo(): void;
  /** Delete everything on the page. */
  clear(): void;

  turn(key: string): void;
  /** Add a page and turn to it. */
  addPage(name?: string): void;
  renamePage(key: string, name: string): void;
  removePage(key: string): void;

  /** Show others ink under a hand: `points`, flat absolute eighths, go in at number `start`; `fields` with the first part. */
  preview(key: string, start: number, points: number[], fields?: Fields): void;
  endPreview(key: string): void;
  /** Set fields of this view's presence (cursor and view in eighths, moving …); null removes one. */
  presence(fields: Fields): void;

  /** Go along with a peer; "" ends it. */
  follow(peer: string): void;
  readonly following: string;
  /** What the person who is followed sees; null for the whole board. */
  readonly followedView: Box | null;
  /** Be shown under another name and colour, where that can be chosen here. */
  rename?(name: string, color: string): void;

  /** What a moderator does; missing where this road has no way to it. `lead` asks everybody to follow this view. */
  readonly locked?: boolean;
  /** The peers that may draw while it is locked. */
  readonly pens?: string[];
  /** Let only moderators and the peers with pens draw, or everybody. */
  lock?(locked: boolean, pens?: string[]): void;
  remove?(peer: string): void;
  readonly leading?: boolean;
  lead?(leading: boolean): void;

  destroy(): void;
}

export type ToolName =
  | "select"
  | "hand"
  | "pen"
  | "highlighter"
  | "line"
  | "arrow"
  | "rectangle"
  | "ellipse"
  | "text"
  | "note"
  | "eraser"
  | "cutter"
  | "laser";

/** Of new ink. `width` in board units, `fill` "" for none, `opacity` in per cent, 0 for the tool's own. */
export interface Style {
  color: string;
  width: number;
  fill: string;
  dash: "" | "dashed" | "dotted";
  opacity: number;
  /** Ink of even width, whatever the speed of the hand. */
  even?: boolean;
  /** The height of type, in board units. */
  size?: number;
}

export interface Selection {
  keys: readonly string[];
  /** The frame around it, in board units; `angle` in degrees clockwise. Null when nothing is selected. */
  bounds: { x: number; y: number; width: number; height: number; angle: number } | null;
  /** What the selected elements have: a field of `Style` that differs is "mixed"; one that none has is missing. */
  style: { [Name in keyof Style]?: Style[Name] | "mixed" };
  locked: boolean;
}

export type Command =
  | "delete"
  | "duplicate"
  | "copy"
  | "cut"
  | "paste"
  | "copy-svg"
  | "copy-png"
  | "copy-excalidraw"
  | "picture"
  | "front"
  | "back"
  | "forward"
  | "backward"
  | "group"
  | "ungroup"
  | "lock"
  | "unlock"
  | "flip-x"
  | "flip-y"
  | "align-left"
  | "align-center"
  | "align-right"
  | "align-top"
  | "align-middle"
  | "align-bottom"
  | "distribute-x"
  | "distribute-y"
  | "left"
  | "right"
  | "up"
  | "down"
  | "edit"
  | "all"
  | "none";

export interface View {
  /** 1 shows the whole sheet in the frame that it has. */
  readonly zoom: number;
  /** Whether it is 1, with the sheet in the middle of the frame. */
  readonly home: boolean;
  /** What is seen. */
  readonly box: Box;
  zoomTo(zoom: number): void;
  zoomBy(factor: number): void;
  /** Show the sheet. */
  fit(): void;
  /** Show the sheet and all that lies on the desk. */
  fitAll(): void;
  /** By pixels of the web page. */
  panBy(dx: number, dy: number): void;
  show(box: Box | null): void;
  /** Have a place be in the middle of what is seen. */
  centre(x: number, y: number, zoom?: number): void;
  toBoard(place: { clientX: number; clientY: number }): number[];
  toPixels(x: number, y: number): { clientX: number; clientY: number };
}

/** Events: "tool", "style", "selection", "view", "gesture" (one began or ended), and "menu" (a
 * `CustomEvent<{clientX, clientY}>`: the right button was clicked without being dragged). */
export interface Editor extends EventTarget {
  readonly tool: ToolName;
  readonly style: Readonly<Style>;
  /** Take another tool or style; the selection is restyled where there is one. */
  choose(choice: { tool?: ToolName } & Partial<Style>): void;
  readonly selection: Selection;
  act(command: Command): void;
  /** What `act` can do now. */
  readonly commands: ReadonlySet<Command>;
  readonly viewport: View;
  /** Whether a pointer is down and drawing. */
  readonly busy: boolean;
  /** Whether moves and sizes snap to the grid. */
  grid: boolean;
  /** Open the menu of the board where the selection is, or in the middle. */
  openMenu(): void;
  startText(x: number, y: number): void;
  /** Handle a key of the board: true when it was one of the editor's own. */
  key(event: KeyboardEvent): boolean;
  /** Give up what is under the hands. */
  cancel(): void;
  /** The same, but of a neat shape the ink is kept. */
  escape(): void;
  /** End what is under the hand where it is. */
  finish(): void;
  destroy(): void;
}
