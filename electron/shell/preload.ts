import { contextBridge, ipcRenderer } from "electron";
import type { WindowBridge } from "../../shared/channels/channels.ts";

/** The one file that sees raw ipcRenderer: a sandboxed window gets two functions and nothing else. */
const CALL = "tinyplace:call";
const EVENT = "tinyplace:event";

const bridge: WindowBridge = {
  call: (name, request) => ipcRenderer.invoke(CALL, name, request),
  on: (name, listener) => {
    const receive = (_event: unknown, arrived: unknown, payload: unknown) => {
      if (arrived === name) listener(payload as never);
    };
    ipcRenderer.on(EVENT, receive);
    return () => ipcRenderer.off(EVENT, receive);
  },
};

contextBridge.exposeInMainWorld("tinyplace", bridge);
