import { type CustomDecorator, SetMetadata } from '@nestjs/common';

export const PUBLIC = 'order-desk:public';

/** Marks a route that answers without an identity. */
export const Public = (): CustomDecorator => SetMetadata(PUBLIC, true);
