// @ts-check
// The widget's module as front ends load it: it unpacks the rest, which comes compressed in the widget's state.

/** @typedef {{model: {get: (name: "code") => BlobPart}, el: HTMLElement}} Context */

/** @type {Promise<{render: (context: any) => () => void}> | undefined} */
let loading;

/** @param {BlobPart} code */
async function load(code) {
  const text = new Blob([code]).stream().pipeThrough(new DecompressionStream("gzip"));
  const url = URL.createObjectURL(new Blob([await new Response(text).blob()], { type: "text/javascript" }));
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

export default {
  /** @param {Context} context */
  async render(context) {
    loading ??= load(context.model.get("code"));
    return (await loading).render(context);
  },
};
