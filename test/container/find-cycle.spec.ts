import { findCycle } from '../../src/container/find-cycle.js';

/** `graph('ab bc ca')`: a to b, b to c, c to a. */
function graph(text: string): (node: string) => string[] {
  const edges = text.split(' ');
  return (node) => edges.filter(([from]) => from === node).map(([, to = '']) => to);
}

test.each([
  ['of one', 'aa', 'aa'],
  ['of two', 'ab ba', 'aba'],
  ['of three', 'ab bc ca', 'abca'],
  ['behind a part that is in none', 'ab bc cd db', 'bcdb'],
  ['behind one that leads nowhere', 'ab ac ca', 'aca'],
  ['of two the first one that it comes to', 'ab ac ba ca', 'aba'],
])('finds a cycle %s, as a closed path', (_, edges, cycle) => {
  expect(findCycle('a', graph(edges))?.join('')).toBe(cycle);
});

test.each([
  ['a single one', ''],
  ['a chain', 'ab bc cd'],
  ['a diamond', 'ab ac bd cd'],
  ['a cycle that cannot be reached', 'ab cd dc'],
])('finds none in %s', (_, edges) => {
  expect(findCycle('a', graph(edges))).toBeUndefined();
});

test('looks at each node once, however many ways lead to it', () => {
  const edges = jest.fn((layer: number) => (layer < 60 ? Array.from({ length: 10 }, () => layer + 1) : []));
  expect(findCycle(0, edges)).toBeUndefined();
  expect(edges).toHaveBeenCalledTimes(61);
});

test('tells nodes of one name apart', () => {
  const [first, second] = [{ name: 'Same' }, { name: 'Same' }];
  expect(findCycle(first, (node) => (node === first ? [second] : []))).toBeUndefined();
});
