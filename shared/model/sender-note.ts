import { z } from "zod";

/** How the reader stands to the sender. */
const contactState = z.enum([
  /** Another session of the reader's own agent. */
  "own_session",
  /** Another agent of the same person. */
  "own_agent",
  "contact",
  /** It was a contact when it wrote, and is none any more. */
  "removed",
]);
export type ContactState = z.infer<typeof contactState>;

/** What this machine knows of a sender, as against what the sender says. */
export const senderNote = z.object({
  /** The person's name or the @handle for the sender, where there is one. */
  fromName: z.string().nullable(),
  contact: contactState,
  /** The person compared the safety number with theirs. */
  verified: z.boolean(),
});
export type SenderNote = z.infer<typeof senderNote>;
