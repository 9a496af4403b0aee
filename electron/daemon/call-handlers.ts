import type { CallParams, CallResult } from "../../shared/protocol/protocol.ts";
import type { AuthorizedCall, CallContext } from "../bridge/session-host.ts";

/** What answers some of the protocol's calls; parameters were checked by the socket server. */
export type CallHandlers<Names extends AuthorizedCall = AuthorizedCall> = {
  [N in Names]: (
    params: CallParams<N>,
    context: CallContext,
  ) => Promise<CallResult<N>> | CallResult<N>;
};
