/** The message format (rules F1-F7): pure functions, the same in every process. */
export { type DecodedBody, decodeBody } from "./decode.ts";
export { encodeEnvelope, encodeLegacyAuto, type OutgoingBody, REHANDSHAKE_BODY } from "./encode.ts";
export { checkTextSize, MAX_TEXT_BYTES } from "./limits.ts";
export { isMessageId, newMessageId } from "./message-id.ts";
export { sessionEnvelopeSchema } from "./schema.ts";
