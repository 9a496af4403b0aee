import { existsSync, statSync } from "node:fs";
import type { z } from "zod";
import type { LeftFile } from "../../../shared/model/import-report.ts";
import { pluginSessions, pluginState } from "../../ratchet/plugin-state.ts";
import { readPluginFile, UnreadableFile } from "./plugin-file.ts";
import type { PluginFolder, PluginWallet } from "./plugin-folder.ts";
import { type PluginMail, pluginMail } from "./plugin-mail.ts";

/** Everything the plugin has of one agent, as far as it can be read. */
export interface PluginAgent {
  readonly wallet: PluginWallet;
  readonly ratchet: PluginRatchet | null;
  readonly mail: PluginMail;
  readonly left: readonly LeftFile[];
}

interface PluginRatchet {
  readonly file: z.infer<typeof pluginState>;
  readonly conversations: number;
  /** ms */
  readonly changedAt: number;
}

export function readPluginAgent(folder: PluginFolder, wallet: PluginWallet): PluginAgent {
  const { cryptoId, address } = wallet.identity;
  const mail = pluginMail(folder, cryptoId);
  const path = folder.file("signal", `${address.replace(/[^A-Za-z0-9_-]/g, "_")}.json`);
  if (!existsSync(path)) return { wallet, ratchet: null, mail, left: mail.left };
  try {
    const file = readPluginFile(path, pluginState);
    const { sessions, unusable } = pluginSessions(file);
    const ratchet = { file, conversations: sessions.length, changedAt: statSync(path).mtimeMs };
    const left = unusable.map(({ peer, why }) =>
      folder.left(path, new UnreadableFile(`the conversation with ${peer}: ${why}`)),
    );
    return { wallet, ratchet, mail, left: [...left, ...mail.left] };
  } catch (error) {
    return { wallet, ratchet: null, mail, left: [folder.left(path, error), ...mail.left] };
  }
}
