import { Component, type ReactNode } from "react";
import { errorView } from "../../shared/errors/errors.ts";
import { ProblemPage } from "../ui/problem.tsx";

/** A fault in drawing shows itself and a way on, instead of an empty window. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { thrown: unknown }> {
  override state = { thrown: null as unknown };

  static getDerivedStateFromError(thrown: unknown) {
    return { thrown: thrown ?? new Error("unknown") };
  }

  override render() {
    if (this.state.thrown === null) return this.props.children;
    return (
      <main className="h-full">
        <ProblemPage
          title="This view failed"
          problem={errorView(this.state.thrown)}
          onRetry={() => this.setState({ thrown: null })}
        />
      </main>
    );
  }
}
