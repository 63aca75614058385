import { isAnsweredWithout, isProbe, prototypeOf } from './stand-in-absence.js';
import { isMethod } from './stand-in-function.js';
import type { StandInParts } from './stand-in-method.js';
import type { StandInMethods } from './stand-in-methods.js';

type Callable = (...args: unknown[]) => unknown;
type Constructor = new (...args: unknown[]) => object;

/** Everything but reads, on the instance of the current unit of work. */
export function trapsOf(parts: StandInParts, methods: StandInMethods): ProxyHandler<object> {
  const { scoped } = parts;

  const refuse = (what: string): never => {
    throw new TypeError(
      `Context-scoped '${scoped.name}' ${what} through its stand-in, which stands for other instances too; do that in the constructor or factory.`,
    );
  };

  const traps: ProxyHandler<object> = {
    set(_, key, value, receiver) {
      if (receiver !== parts.standIn) {
        // An object that inherits from the stand-in: the property becomes its own.
        return Reflect.set(scoped.usable ? scoped.use() : prototypeOf(scoped), key, value, receiver);
      }
      // `jest.restoreAllMocks` runs after the unit, where nothing is left to restore.
      if (!scoped.usable && methods.find(key)?.isOurs(value)) return true;
      const instance = scoped.use();
      const method = isMethod(value) ? methods.at(key) : methods.find(key);
      if (method === undefined) return Reflect.set(instance, key, value, instance);
      return method.write(instance, value, (written) => Reflect.set(instance, key, written, instance));
    },
    defineProperty(_, key, property) {
      // The engine would refuse it too, but only after it is done.
      if (property.configurable === false)
        refuse(`cannot be given the non-configurable property '${String(key)}'`);
      const instance = scoped.use();
      const method = isMethod(property.value) ? methods.at(key) : methods.find(key);
      if (method === undefined) return Reflect.defineProperty(instance, key, property);
      return method.write(instance, property.value, (value) =>
        Reflect.defineProperty(instance, key, 'value' in property ? { ...property, value } : property),
      );
    },
    deleteProperty(_, key) {
      // As for the mocks above: what does not exist has no such property.
      if (!scoped.usable) return true;
      const instance = scoped.use();
      const deleted = Reflect.deleteProperty(instance, key);
      if (deleted) methods.find(key)?.forget(instance);
      return deleted;
    },
    has(_, key) {
      const instance = scoped.peek();
      if (instance !== undefined) return Reflect.has(instance, key);
      if (isAnsweredWithout(scoped, key)) return !isProbe(key) && key in prototypeOf(scoped);
      return (scoped.type !== undefined && key in prototypeOf(scoped)) || Reflect.has(scoped.use(), key);
    },
    ownKeys: () => Reflect.ownKeys(scoped.use()),
    getOwnPropertyDescriptor(_, key) {
      const instance = scoped.peek();
      if (instance === undefined && isAnsweredWithout(scoped, key)) return undefined;
      const property = Reflect.getOwnPropertyDescriptor(instance ?? scoped.use(), key);
      // A proxy may call a property non-configurable only if its target has it.
      return property && { ...property, configurable: true };
    },
    getPrototypeOf() {
      // Nest asks for it while it starts: no factory may run then.
      const instance = scoped.peek();
      return instance === undefined ? prototypeOf(scoped) : Reflect.getPrototypeOf(instance);
    },
    setPrototypeOf: (_, prototype) => Reflect.setPrototypeOf(scoped.use(), prototype),
    preventExtensions: () => refuse('cannot be frozen, sealed or closed to new properties'),
    apply(_, self, args) {
      const instance = scoped.use();
      const result: unknown = Reflect.apply(
        instance as Callable,
        self === parts.standIn ? instance : self,
        args,
      );
      return result === instance ? parts.standIn : result;
    },
    construct(_, args, newTarget) {
      const instance = scoped.use() as Constructor;
      return Reflect.construct(
        instance,
        args,
        newTarget === parts.standIn ? instance : (newTarget as Constructor),
      );
    },
  };
  // Every read looks for a trap here and finds none, sooner where nothing is inherited.
  return Object.assign(Object.create(null) as object, traps);
}
