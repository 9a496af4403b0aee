import { HOSTED_WORDS, KNOWN_RELAYS, type RelayChoice } from "../../shared/model/relay-choice.ts";
import { asPerson, type Command } from "./person.ts";

const FROM: Record<RelayChoice["from"], string> = {
  embedded: "part of this program",
  chosen: "chosen",
  environment: "named by TINYPLACE_API_URL",
};

/** `tinyplace network`: shows the relay of all agents here, or has them use another. */
export async function network(command: Command, named: string | undefined): Promise<void> {
  await asPerson(command, async (person, output) => {
    if (named === undefined) {
      const { relay } = await person.ask("settings.get", {});
      output.result({ relay }, () => {
        output.line({ text: relay.url, tone: "bold" }, FROM[relay.from]);
        for (const { name, url } of KNOWN_RELAYS)
          output.line({ text: `${name}: ${url}`, tone: "dim" });
      });
      return;
    }
    const url = urlOf(named);
    const choice = await person.ask("relay.use", { url });
    output.result({ relay: choice }, () => {
      output.line({ text: choice.url, tone: "bold" }, "is the relay of your agents now.");
      if (KNOWN_RELAYS.some((one) => one.url === choice.url)) output.line(HOSTED_WORDS);
      if (url !== null)
        output.line("Contacts are asked for there anew; what waits goes out there.");
    });
  });
}

function urlOf(named: string): string | null {
  if (named === "embedded") return null;
  const word = named === "staging" ? "tiny.place staging" : named;
  return KNOWN_RELAYS.find((one) => one.name === word)?.url ?? named;
}
