// Made by `python -m tests.contract.make_page_messages` from ipysketch/widget/page_messages.py: types alone, which nothing
// loads. docs/reference/page-messages.md says what they mean.

export type Version = 4;
export type Sample = number[];

export interface PageMessages {
  "pen": { color?: string; fill?: string; width?: number; opacity?: number; dash?: string; even?: boolean; size?: number; view: string; pointer: number; phase?: "begin" | "cancel" | "move"; samples?: Sample[]; tool?: string; straight?: boolean; last?: boolean };
  "choose": { color?: string; fill?: string; width?: number; opacity?: number; dash?: string; even?: boolean; size?: number; tool?: string; view?: string; number?: number };
  "view": { view: string; ratio?: number | null; visible?: boolean; version?: number; pixels?: number | null; language?: string };
  "gone": { view: string };
  "ack": { view: string; frame: number };
  "lost": {};
  "cursor": { x?: number | null; y?: number | null };
  "cancel": {};
  "undo": { view?: string };
  "redo": { view?: string };
  "clear": {};
  "turn": { page: string };
  "add page": {};
  "rename page": { page: string; name: string };
  "remove page": { page: string };
  "follow": { peer: string };
  "look": { view: [number, number, number, number] | null };
  "scene": { view: string };
  "submit": { view: string; number: number; actions?: Record<string, any>[] };
  "preview": { key: string; view?: string; start?: number; points?: number[]; fields?: Record<string, any> | null; x?: number | null; y?: number | null };
  "end preview": { key: string };
  "moving": { offsets?: Record<string, any> };
  "moderate": { locked?: boolean | null; pens?: string[]; lead?: boolean | null; remove?: string };
  "road wanted": { view: string };
  "road": { view: string; url?: string; why?: string };
}
export type Kind = keyof PageMessages;
/** A kind and its content, which may be left out when nothing in it is needed. */
export type PageReport = {
  [K in Kind]: {} extends PageMessages[K] ? [kind: K, content?: PageMessages[K] | null] : [kind: K, content: PageMessages[K]];
}[Kind];

export type Ink = { color: string; width: number; fill: string; dash: string; opacity: number; even: boolean; size: number };
export type PersonState = { name: string; color: string; me: boolean; peer: string; page: string; author: string; role: string; verified: boolean };
export type PageEntry = [key: string, name: string];
export type ControlState = { tool: string; ink: Ink; choices: Record<string, number>; can_draw: boolean; can_clear: boolean; can_undo: boolean; can_redo: boolean; people: PersonState[]; pages: PageEntry[]; page: string; following: string; view_box: [number, number, number, number] | null; status: string; connected: boolean; progress: number | null; notice: string; room: string; author: string; mode: string; pending: number; locked: boolean; pens: string[]; leading: boolean; cleared: [string, string, number]; tabs: Record<string, any>; chooser: string; size: [number, number]; projectors: string[] };
export type CursorPlace = [x: number, y: number, name: string, color: string, peer: string];
export type LaserPlaces = [name: string, color: string, count: number, places: number[]];
export type FrameState = { cursors: CursorPlace[]; finished: string[]; lasers: LaserPlaces[] };
export type InkGrowth = [name: string, start: number, points: number[], fields: Record<string, any> | null];
export type InkUpdate = { number: number; whole: boolean; grown: InkGrowth[]; gone: string[] };
export type SceneEntry = [key: string, author: string, seq: number, index: number, fields: Record<string, any>];
export type SceneUpdate = { number: number; whole: boolean; more: boolean; page: string; entries: SceneEntry[]; gone: string[]; applied: Record<string, number> };
export type Road = { view: string; room: string; ticket: string; addresses: string[]; why: string; name: string; color: string };
export type State = ControlState & FrameState & { version: number; input_model: string; frame: number; words: Record<string, any> };
