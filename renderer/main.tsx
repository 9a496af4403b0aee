import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app.tsx";
import { ErrorBoundary } from "./app/error-boundary.tsx";
import { ComposerApp } from "./composer/composer-app.tsx";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

/** A composer window names its draft in the address. */
const draftId = /^#compose\/(msg-[0-9a-f]{18})$/.exec(window.location.hash)?.[1];

createRoot(root).render(
  <StrictMode>
    <ErrorBoundary>{draftId ? <ComposerApp draftId={draftId} /> : <App />}</ErrorBoundary>
  </StrictMode>,
);
