// Prints how long the import of what is named takes, in ms.

const packages = process.argv.slice(2);
const begun = performance.now();
for (const name of packages) await import(name);
console.log(performance.now() - begun);
process.exit();
