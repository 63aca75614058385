/**
 * What a codec of ours refuses a value or a text with. Its message has nothing of either in it, so that it may go into
 * the message of a carrier's error; that of a codec of others may not.
 */
export class CodecRefusal extends TypeError {}
