// A sandboxed processor as it was before, without our wrapper: it gets no context.
import { ContextVar, codecs, currentUnit } from 'nestjs-contextvars/core';

const tenant = new ContextVar('jobs.tenant', { codec: codecs.string });

export default async () => ({ tenant: tenant.get('-'), kind: currentUnit()?.kind });
