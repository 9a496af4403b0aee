/** The message format (rules F1-F7): pure functions, the same in every process. */
export {
  type Control,
  encodeControl,
  MAX_CONTROL_ENTRIES,
  type Receipt,
  type ReceiptRung,
  readControl,
} from "./control.ts";
export { type DecodedBody, decodeBody } from "./decode.ts";
export { encodeEnvelope, type OutgoingBody } from "./encode.ts";
export { wellFormed } from "./fields.ts";
export { encodeLegacyAuto, REHANDSHAKE_BODY } from "./legacy.ts";
export { checkTextSize, fitsTextLimit, MAX_TEXT_BYTES } from "./limits.ts";
export { isMessageId, newMessageId, readMessageId } from "./message-id.ts";
export { sessionEnvelopeSchema } from "./schema.ts";
