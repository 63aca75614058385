/**
 * Objects that are passed on as they are, without a look at what they can do: reading a property of a stand-in of the
 * container makes an instance, or is an error where there is no unit of work.
 */
export const opaque: WeakSet<object> = new WeakSet();
