import { type FormEvent, useState } from "react";
import type { WindowResponse } from "../../shared/channels/channels.ts";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import { HOSTED_WORDS, KNOWN_RELAYS } from "../../shared/model/relay-choice.ts";
import { call } from "../bridge/bridge.ts";
import { Button } from "../ui/button.tsx";
import { Select, TextInput } from "../ui/field.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { Line } from "./line.tsx";

const OWN = "own";
const OTHER = "other";

/** Which relay the agents use. None of the known ones is used unless it is chosen here. */
export function RelaySettings(props: {
  relay: WindowResponse<"settings.get">["relay"];
  onChanged: () => Promise<void>;
}) {
  const { relay, onChanged } = props;
  const known = KNOWN_RELAYS.find((one) => one.url === relay.url);
  const present = relay.from === "embedded" ? OWN : (known?.url ?? OTHER);
  const [chosen, setChosen] = useState<string>(present);
  const [address, setAddress] = useState(present === OTHER ? relay.url : "");
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const [busy, setBusy] = useState(false);
  const isForced = relay.from === "environment";
  const wanted = chosen === OWN ? null : chosen === OTHER ? address.trim() : chosen;
  const isNew = wanted !== "" && wanted !== (relay.from === "embedded" ? null : relay.url);

  async function change(act: () => Promise<unknown>) {
    setBusy(true);
    setProblem(null);
    try {
      await act();
      await onChanged();
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
    setBusy(false);
  }
  function use(event: FormEvent) {
    event.preventDefault();
    void change(() => call("relay.use", { url: wanted }));
  }
  return (
    <>
      <Line
        name="Relay"
        hint={isForced ? "Named by TINYPLACE_API_URL" : "Where your agents' mail goes through"}
      >
        <span className="font-mono text-sm wrap-anywhere select-text" data-testid="relay-url">
          {relay.url}
        </span>
      </Line>
      {!isForced && (
        <form className="flex flex-col gap-2 px-3 py-2" onSubmit={use}>
          <div className="flex flex-wrap items-center gap-2">
            <Select
              aria-label="Which relay"
              data-testid="relay-choice"
              value={chosen}
              onChange={({ target }) => setChosen(target.value)}
            >
              <option value={OWN}>This application's own</option>
              {KNOWN_RELAYS.map(({ name, url }) => (
                <option key={url} value={url}>
                  {name}
                </option>
              ))}
              <option value={OTHER}>Another one</option>
            </Select>
            {chosen === OTHER && (
              <TextInput
                aria-label="The relay's address"
                data-testid="relay-address"
                className="grow font-mono text-sm"
                placeholder="https://relay.example"
                value={address}
                onChange={({ target }) => setAddress(target.value)}
              />
            )}
            <Button type="submit" data-testid="relay-use" className="h-8" disabled={busy || !isNew}>
              Use it
            </Button>
          </div>
          {KNOWN_RELAYS.some((one) => one.url === chosen) && (
            <p className="text-sm text-muted">{HOSTED_WORDS}</p>
          )}
          {isNew && (
            <p className="text-sm text-muted">
              What waits goes out there. Contacts are asked for there anew.
            </p>
          )}
        </form>
      )}
      {problem && <ProblemNote problem={problem} />}
      <Line
        name="Reachable for every program of the network"
        hint="Those without libsignal use an older cipher, which protects less"
      >
        <input
          type="checkbox"
          aria-label="Reachable for every program of the network"
          data-testid="relay-publish"
          checked={relay.publishesForAll}
          onChange={({ target }) =>
            void change(() => call("relay.publish", { publishesForAll: target.checked }))
          }
        />
      </Line>
    </>
  );
}
