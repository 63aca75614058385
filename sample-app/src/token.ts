import { demoToken } from './identity/demo-tokens.js';
import { demoUsers } from './identity/demo-users.js';

// Stands in for a login service: `npm run -s token -- ada` prints a token that is valid for an hour, in the demo.
const [name] = process.argv.slice(2);
const identity = demoUsers.find((user) => user.name === name);
if (identity === undefined) {
  console.error(`Whose token? One of ${demoUsers.map((user) => user.name).join(', ')}`);
  process.exitCode = 1;
} else {
  console.log(await demoToken(identity));
}
