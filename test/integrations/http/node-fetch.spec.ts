import { runUnitOfWork } from 'nestjs-contextvars/core';
import { propagateOutgoing } from 'nestjs-contextvars/http';
import { carried, contextOf, inUnit, NOTHING } from './support/contexts.js';
import { type RecordingServer, recordingServer } from './support/recording-server.js';

// Node's fetch on Node's own undici: nothing here loads the package, which would put its dispatcher in the place.

let listed: RecordingServer;
let other: RecordingServer;
beforeAll(async () => {
  listed = await recordingServer();
  other = await recordingServer();
});
afterAll(async () => {
  await listed.close();
  await other.close();
});

it('sends the context of the caller, hop by hop, and to listed origins alone', async () => {
  using stop = propagateOutgoing({ origins: [listed.origin] });
  expect(stop).toBeInstanceOf(Function);
  const ids = Array.from({ length: 30 }, (_, i) => `n${i}`);
  const away = (id: string) => `${listed.origin}/to?${other.origin}/to?${listed.origin}/end-${id}`;
  await Promise.all(
    ids.map((id, i) =>
      inUnit(id, async () => {
        if (i % 2 === 0) await Promise.resolve();
        const method = i % 3 === 0 ? 'POST' : 'GET';
        await (await fetch(away(id), { method })).text();
      }),
    ),
  );
  for (const id of ids) {
    expect(listed.seen.filter(({ path }) => path.endsWith(`/end-${id}`)).map(contextOf)).toEqual([
      carried(id),
      carried(id),
    ]);
  }
  expect(other.seen.map(contextOf)).toEqual(ids.map(() => NOTHING));
});

it('sends it with a Request, a stream as body and FormData', async () => {
  using _stop = propagateOutgoing({ origins: [listed.origin] });
  const form = new FormData();
  form.set('a', 'b');
  await inUnit('a', async () => {
    await fetch(new Request(`${listed.origin}/1`));
    await fetch(`${listed.origin}/2`, {
      method: 'POST',
      body: new Blob(['a']).stream(),
      duplex: 'half',
    } as RequestInit);
    await fetch(`${listed.origin}/3`, { method: 'POST', body: form });
  });
  for (const path of ['/1', '/2', '/3']) expect(listed.at(path).map(contextOf)).toEqual([carried('a')]);
});

it('is taken back at the end of the block', async () => {
  {
    using _stop = propagateOutgoing({ origins: [listed.origin] });
  }
  await runUnitOfWork({ kind: 'test' }, () => fetch(`${listed.origin}/after`));
  expect(listed.at('/after').map(contextOf)).toEqual([NOTHING]);
});
