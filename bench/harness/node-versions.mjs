/** Whether promises carry the context by themselves, as in Node.js 24, and not by hooks. */
export const newer =
  Number(process.versions.node.split('.')[0]) >= 24 && !process.execArgv.includes('--no-async-context-frame');
