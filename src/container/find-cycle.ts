/**
 * A cycle that can be reached from `start`, as a closed path: `[a, b, a]`. Looks at each node and each edge once.
 */
export function findCycle<N>(start: N, edges: (node: N) => Iterable<N>): N[] | undefined {
  // A Set keeps the order in which its elements came: the path to where the search is.
  const path = new Set<N>();
  const done = new Set<N>();
  const visit = (node: N): N[] | undefined => {
    if (path.has(node)) {
      const nodes = [...path];
      return [...nodes.slice(nodes.indexOf(node)), node];
    }
    if (done.has(node)) return undefined;
    path.add(node);
    for (const next of edges(node)) {
      const found = visit(next);
      if (found !== undefined) return found;
    }
    path.delete(node);
    done.add(node);
    return undefined;
  };
  return visit(start);
}
