import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";

/**
 * stdio that tells when an answer was written: only then are its messages read (rule M1). An answer
 * that is never written, because the call was cancelled, confirms nothing.
 */
export class ConfirmingTransport extends StdioServerTransport {
  private readonly written = new Map<RequestId, () => void>();

  whenWritten(id: RequestId, then: () => void): void {
    this.written.set(id, then);
  }

  override async send(message: JSONRPCMessage): Promise<void> {
    await super.send(message);
    if (!("id" in message) || "method" in message || message.id === undefined) return;
    const then = this.written.get(message.id);
    this.written.delete(message.id);
    then?.();
  }
}
