import type { PGlite } from '@electric-sql/pglite';

/** Messages of PostgreSQL's extended protocol that are followed by others, up to a Sync, which belong together. */
const FOLLOWED = new Set(['P', 'B', 'D', 'E', 'C', 'H']);

/**
 * An embedded database for the socket server, which (0.2.17) puts the single messages of its clients in a row, and keeps to
 * one client in a transaction only. All share one session: between a Parse and the Bind of one client the Parse of another
 * would replace what is bound. So it is told that a transaction is open wherever something is to follow.
 */
export function oneExchangeAtATime(db: PGlite): PGlite {
  let isFollowed = false;
  const forServer: Pick<
    PGlite,
    'waitReady' | 'isInTransaction' | 'runExclusive' | 'execProtocolRawStream' | 'exec'
  > = {
    waitReady: db.waitReady,
    isInTransaction: () => isFollowed || db.isInTransaction(),
    runExclusive: (work) => db.runExclusive(work),
    execProtocolRawStream(message, options) {
      isFollowed = FOLLOWED.has(String.fromCharCode(message[0] ?? 0));
      return db.execProtocolRawStream(message, options);
    },
    // Rolls back for a client that has gone away.
    exec(query, options) {
      isFollowed = false;
      return db.exec(query, options);
    },
  };
  return forServer as PGlite;
}
