// Runs a client in the Python of a browser: lite.mjs REPOSITORY RELAY. What Python prints is printed.

import { readFileSync, readdirSync } from "node:fs";

const [root, relay] = process.argv.slice(2);
const folder = `${root}/.ci/lite`;
const { loadPyodide } = await import(`file://${folder}/node_modules/pyodide/pyodide.mjs`);
const python = await loadPyodide({ stdout: (/** @type {string} */ text) => process.stdout.write(`${text}\n`) });
for (const name of readdirSync(`${folder}/wheels`)) {
  if (name.endsWith(".whl")) python.unpackArchive(new Uint8Array(readFileSync(`${folder}/wheels/${name}`)), "wheel");
}
python.FS.mkdir("/repository");
python.FS.mount(python.FS.filesystems.NODEFS, { root }, "/repository");
python.globals.set("relay_address", relay);
try {
  await python.runPythonAsync(`
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, "/repository")
from tests.integration import lite
await lite.main(relay_address)
`);
} catch (error) {
  // Its stack is a megabyte of minified code.
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
process.exit(0);
