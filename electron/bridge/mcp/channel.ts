import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { Carried } from "../../../shared/protocol/hook-calls.ts";
import type { NotificationParams } from "../../../shared/protocol/protocol.ts";
import type { HostClient } from "../socket-client.ts";

/** Pushes that wait for the client to be initialized; what is more comes by hook or inbox. */
const MAX_WAITING = 100;

type Push = NotificationParams<"push">;

interface ChannelParts {
  /** Resolves when the message was written to the client. */
  readonly send: (message: JSONRPCMessage) => Promise<void>;
  /** Tells the host that it was. */
  readonly written: (carried: Carried) => Promise<void>;
}

/** What a server declares so that Claude Code takes its pushes. */
export const CHANNEL_CAPABILITY = { "claude/channel": {} };

/**
 * Passes the host's pushes on to the client (rule M2), and tells the host of each that was written.
 * Whether the client listens is not known: only the transcript shows what reached the model.
 */
export class Channel {
  private readonly parts: ChannelParts;
  private readonly waiting: [Push, HostClient][] = [];
  private isOpen = false;

  constructor(parts: ChannelParts) {
    this.parts = parts;
  }

  /** The client is ready for notifications. */
  open(): void {
    this.isOpen = true;
    for (const [push, client] of this.waiting.splice(0)) {
      // The next host pushes for itself what one that went away had pushed.
      if (client.isOpen) void this.write(push);
    }
  }

  push(push: Push, client: HostClient): void {
    if (this.isOpen) void this.write(push);
    else if (this.waiting.length < MAX_WAITING) this.waiting.push([push, client]);
  }

  private async write({ content, meta, carried }: Push): Promise<void> {
    try {
      const method = "notifications/claude/channel";
      await this.parts.send({ jsonrpc: "2.0", method, params: { content, meta } });
      if (carried) await this.parts.written(carried);
    } catch {
      // Not known to be written: it stays unread, and is offered by hook or inbox.
    }
  }
}
