/** Applies a decorator of methods by hand, as TypeScript does; gives the method. */
export function decorated(decorator, method) {
  const target = { constructor: { name: 'Site' }, method };
  const descriptor = Object.getOwnPropertyDescriptor(target, 'method');
  decorator(target, 'method', descriptor);
  return descriptor.value;
}
