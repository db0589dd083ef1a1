// Whether a joined module is its modules, name by name: `node --expose-internals compare.cjs`, with {joined, modules} as
// JSON on its standard input, the modules as [path, source], in their order. Prints what differs first, or how many names
// were compared.
//
// Both are parsed by Node's own parser, and each name is resolved to what declares it. Walked side by side, the trees have
// to be alike in all but names; a name has to mean the same declaration in one whenever it does in the other; and what is
// declared nowhere has to have the same name.

const { parse } = require("internal/deps/acorn/acorn/dist/acorn");
const path = require("node:path");

class Scope {
  constructor(parent, holdsVar) {
    Object.assign(this, { parent, holdsVar, names: new Map() });
  }
  declare(name) {
    if (!this.names.has(name)) this.names.set(name, { name });
    return this.names.get(name);
  }
  find(name) {
    return this.names.get(name) ?? this.parent?.find(name);
  }
}

const isNode = (value) => value && typeof value.type === "string";
const children = (node) =>
  Object.entries(node).flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).filter(isNode).map((child) => [key, child]));

/** The identifiers that a pattern binds. */
function bound(pattern) {
  if (!pattern) return [];
  switch (pattern.type) {
    case "Identifier": return [pattern];
    case "ObjectPattern": return pattern.properties.flatMap((each) => bound(each.type === "Property" ? each.value : each.argument));
    case "ArrayPattern": return pattern.elements.flatMap(bound);
    case "AssignmentPattern": return bound(pattern.left);
    case "RestElement": return bound(pattern.argument);
    default: return [];
  }
}

/** Declare what stands in a list of statements, before they are walked. */
function hoist(statements, scope) {
  for (let statement of statements) {
    if (statement.type.startsWith("Export") && statement.declaration) statement = statement.declaration;
    if (statement.type === "VariableDeclaration") for (const { id } of statement.declarations) for (const { name } of bound(id)) scope.declare(name);
    if (/^(Function|Class)Declaration$/.test(statement.type) && statement.id) scope.declare(statement.id.name);
  }
}

const meant = new WeakMap();

/** Resolve each identifier below `node`. */
function resolve(node, scope) {
  switch (node.type) {
    case "Identifier":
      meant.set(node, scope.find(node.name) ?? null);
      return;
    case "MemberExpression":
    case "PropertyDefinition":
    case "MethodDefinition":
    case "Property": {
      const key = node.type === "MemberExpression" ? "property" : "key";
      for (const [name, child] of children(node)) if (name !== key || node.computed) resolve(child, scope);
      return;
    }
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression": {
      const inner = new Scope(scope);
      if (node.type === "FunctionExpression" && node.id) inner.declare(node.id.name);
      if (node.id) resolve(node.id, node.type === "FunctionExpression" ? inner : scope);
      for (const parameter of node.params) for (const { name } of bound(parameter)) inner.declare(name);
      for (const parameter of node.params) resolve(parameter, inner);
      resolve(node.body, inner);
      return;
    }
    case "ClassDeclaration":
    case "ClassExpression": {
      const inner = new Scope(scope);
      if (node.type === "ClassExpression" && node.id) inner.declare(node.id.name);
      for (const [, child] of children(node)) resolve(child, inner);
      return;
    }
    case "BlockStatement":
    case "StaticBlock":
    case "SwitchStatement": {
      const inner = new Scope(scope);
      hoist(node.type === "SwitchStatement" ? node.cases.flatMap((each) => each.consequent) : node.body, inner);
      for (const [, child] of children(node)) resolve(child, inner);
      return;
    }
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement":
    case "CatchClause": {
      const inner = new Scope(scope);
      const first = node.init ?? node.left;
      if (first?.type === "VariableDeclaration") hoist([first], inner);
      for (const { name } of bound(node.param)) inner.declare(name);
      for (const [, child] of children(node)) resolve(child, inner);
      return;
    }
    case "MetaProperty":
    case "BreakStatement":
    case "ContinueStatement":
      return;
    case "LabeledStatement":
      resolve(node.body, scope);
      return;
    default:
      for (const [, child] of children(node)) resolve(child, scope);
  }
}

const parsed = (source) => parse(source, { sourceType: "module", ecmaVersion: "latest", allowAwaitOutsideFunction: true });

/** The statements of all modules in their order, without imports and exports, and what exports are. */
function apart(modules) {
  const statements = [];
  const exported = new Map();
  for (const [file, source] of modules) {
    const scope = new Scope();
    const { body } = parsed(source);
    hoist(body, scope);
    const at = (from) => exported.get(path.posix.normalize(path.posix.join(path.posix.dirname(file), from.value)));
    const out = new Map();
    exported.set(file, out);
    for (const node of body) {
      if (node.type !== "ImportDeclaration") continue;
      for (const each of node.specifiers) scope.names.set(each.local.name, at(node.source).get(each.imported?.name ?? "default"));
    }
    for (const node of body) {
      if (node.type === "ImportDeclaration") continue;
      if (node.type === "ExportAllDeclaration") {
        for (const [name, value] of at(node.source)) out.set(name, value);
      } else if (node.type === "ExportDefaultDeclaration" && node.declaration.type.endsWith("Declaration")) {
        out.set("default", scope.find(node.declaration.id.name));
        resolve(node.declaration, scope);
        statements.push(node.declaration);
      } else if (node.type === "ExportDefaultDeclaration") {
        const value = {};
        out.set("default", value);
        const id = { type: "Identifier", name: "default" };
        resolve(node.declaration, scope);
        meant.set(id, value);
        statements.push({ type: "VariableDeclaration", kind: "const", declarations: [{ type: "VariableDeclarator", id, init: node.declaration }] });
      } else if (node.type === "ExportNamedDeclaration") {
        for (const { local, exported: name } of node.specifiers) out.set(name.name, node.source ? at(node.source).get(local.name) : scope.find(local.name));
        if (!node.declaration) continue;
        const ids = node.declaration.id ? [node.declaration.id] : node.declaration.declarations.flatMap(({ id }) => bound(id));
        for (const { name } of ids) out.set(name, scope.find(name));
        resolve(node.declaration, scope);
        statements.push(node.declaration);
      } else {
        resolve(node, scope);
        statements.push(node);
      }
    }
  }
  const value = exported.get(modules.at(-1)[0]);
  return { statements: needed(statements, value.values()), exported: value };
}

/** What a statement declares that does nothing else when it is run; undefined where it does. */
function declared(node) {
  if (node.type === "FunctionDeclaration") return meant.get(node.id);
  if (node.type !== "VariableDeclaration" || node.kind !== "const" || node.declarations.length > 1) return undefined;
  const [{ id, init }] = node.declarations;
  const plain = init.type === "Literal" && ["number", "string"].includes(typeof init.value);
  return plain || (init.type === "ArrowFunctionExpression" && !init.async) ? meant.get(id) : undefined;
}

/** What the identifiers below a node mean. */
const meanings = (node) => [meant.get(node), ...children(node).flatMap(([, child]) => meanings(child))].filter(Boolean);

/** The statements without those that only declare what nobody needs. */
function needed(statements, exported) {
  const found = new Set([...exported, ...statements.filter((node) => !declared(node)).flatMap(meanings)]);
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const node of statements) if (found.has(declared(node))) for (const each of meanings(node)) found.add(each);
  }
  return statements.filter((node) => !declared(node) || found.has(declared(node)));
}

function together(source) {
  const scope = new Scope();
  const { body } = parsed(source);
  hoist(body, scope);
  const exported = new Map();
  const statements = body.filter((node) => {
    if (node.type !== "ExportNamedDeclaration") return true;
    for (const { local, exported: name } of node.specifiers) exported.set(name.name, scope.find(local.name));
    return false;
  });
  for (const node of statements) resolve(node, scope);
  return { statements, exported };
}

const SKIPPED = ["start", "end", "raw", "shorthand", "type"];
const [there, back] = [new Map(), new Map()];
let names = 0;
/** Of whose private names one speaks: the classes around, by the order in which they come. */
const classes = [];
let classesSeen = 0;

function pair(one, other, where) {
  if (there.has(one) ? there.get(one) !== other : back.has(other)) throw new Error(`${where}: the names are of different declarations`);
  there.set(one, other);
  back.set(other, one);
}

function compare(one, other, where) {
  if (Array.isArray(one)) {
    if (one.length !== other?.length) throw new Error(`${where}: ${one.length} and ${other?.length} parts`);
    one.forEach((each, i) => compare(each, other[i], where));
  } else if (isNode(one)) {
    if (one.type !== other?.type) throw new Error(`${where}: ${one.type} and ${other?.type}`);
    const here = one.type === "Identifier" || one.type === "PrivateIdentifier" ? `${where} ${one.name}` : where;
    if (one.type === "PrivateIdentifier") return pair(`${classes.at(-1)}#${one.name}`, `${classes.at(-1)}#${other.name}`, here);
    if (one.type === "ClassBody") classes.push(++classesSeen);
    if (one.type === "Identifier" && meant.has(one)) {
      names++;
      const [mine, theirs] = [meant.get(one), meant.get(other)];
      if (!mine !== !theirs) throw new Error(`${here}, as ${other.name}: one of them is declared nowhere`);
      if (mine) return pair(mine, theirs, `${here}, as ${other.name}`);
    }
    for (const key of Object.keys(one)) {
      if (key === "kind" && one.kind === "const" && other.kind === "let") continue; // Shorter, and does the same.
      if (!SKIPPED.includes(key)) compare(one[key], other[key], here);
    }
    if (one.type === "ClassBody") classes.pop();
  } else if (one instanceof RegExp ? String(one) !== String(other) : typeof one !== "bigint" && !Object.is(one, other)) {
    if (one && typeof one === "object") {
      for (const key of Object.keys(one)) compare(one[key], other[key], where);
    } else throw new Error(`${where}: ${one} and ${other}`);
  }
}

const { joined, modules } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const [left, right] = [apart(modules), together(joined)];
try {
  compare(left.statements, right.statements, "");
  if ([...left.exported.keys()].sort().join() !== [...right.exported.keys()].sort().join()) throw new Error("other exports");
  for (const [name, value] of left.exported) pair(value, right.exported.get(name), `export ${name}`);
  process.stdout.write(String(names));
} catch (error) {
  process.stdout.write(error.message);
}
