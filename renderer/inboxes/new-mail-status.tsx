import { useEffect, useRef, useState } from "react";
import type { MailPages } from "../stores/mail-pages.ts";
import { plural } from "../ui/format.ts";
import { sentBy } from "./timeline.ts";

/** Says to screen readers that mail came in, once per arrival. */
export function NewMailStatus(props: { pages: MailPages; label: string }) {
  const { pages, label } = props;
  const [text, setText] = useState("");
  const last = useRef(pages.messages.at(-1)?.seq ?? 0);
  useEffect(() => {
    const since = last.current;
    last.current = pages.messages.at(-1)?.seq ?? since;
    const fresh = pages.messages.filter((m) => m.seq > since && !sentBy(m, label)).length;
    if (fresh > 0) setText(`${plural(fresh, "new message")} for ${label}`);
  }, [pages, label]);
  return (
    <p role="status" className="sr-only">
      {text}
    </p>
  );
}
