// Prints how long an application of requests/application.mjs takes until it listens, in ms, with what it imports and without.

const begun = performance.now();
process.send = ({ booted }) => {
  console.log(JSON.stringify({ 'import and boot': performance.now() - begun, boot: booted }));
  process.exit();
};
await import('../requests/application.mjs');
