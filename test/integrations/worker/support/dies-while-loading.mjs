setTimeout(() => {
  throw new Error('died while it loaded');
}, 1);
setInterval(() => {}, 60_000);
await new Promise(() => {});
