import { z } from "zod";
import { agentRef, type CallResult } from "../../../../shared/protocol/protocol.ts";
import type { BridgeSession } from "../session.ts";

/** What `use`, `assign` and `whoami` say alike about the session's place. */
export const attachedOutput = {
  active: agentRef.nullable(),
  label: z.string().nullable(),
  mode: z.string(),
  daemon: z.object({ pid: z.number(), kind: z.string() }).nullable(),
  sessions: z.array(z.object({ label: z.string(), live: z.boolean() })),
};

/** Null: the session has no agent yet. */
export function attachedResult(session: BridgeSession, attached: CallResult<"attach"> | null) {
  const host = session.client.current?.host;
  return {
    ...(attached ?? { active: null, label: null, sessions: [] }),
    mode: "socket",
    daemon: host ? { pid: host.pid, kind: host.kind } : null,
  };
}
