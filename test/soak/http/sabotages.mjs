/** The names of what sabotage.mjs can do wrong: not there, because that one loads the library, which the client does not. */
export const SABOTAGES = ['crossed', 'unhandled', 'twice', 'lost', 'leak'];
