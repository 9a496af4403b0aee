import { useEffect, useState } from "react";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";

/** cryptoIds of an agent's contacts, less the person's own agents; as last known while the relay is away. */
export function useContacts(agentId: string | null, host: HostSnapshot): readonly string[] {
  const [contacts, setContacts] = useState<readonly string[]>([]);
  useEffect(() => {
    if (agentId === null) return;
    let current = true;
    call("composer.contacts", { agentId }).then(
      (answer) => current && setContacts(answer.contacts.map((one) => one.agentId)),
      // An address can still be typed in.
      () => current && setContacts([]),
    );
    return () => {
      current = false;
    };
  }, [agentId]);
  const own = new Set(host.agents.map((agent) => agent.cryptoId));
  return contacts.filter((contact) => !own.has(contact));
}
