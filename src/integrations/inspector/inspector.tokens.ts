/** The injection token of where the page is. */
export const INSPECTOR_PATH: unique symbol = Symbol('nestjs-contextvars.inspector.path');
