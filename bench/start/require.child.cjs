// Prints how long it takes to require what is named, in ms.

const packages = process.argv.slice(2);
const begun = performance.now();
for (const name of packages) require(name);
console.log(performance.now() - begun);
process.exit();
