import { usePlace } from "../stores/place-store.ts";
import { Button } from "../ui/button.tsx";

/** Opens the import of the earlier plugin's data. */
export function ImportLink({ words = "Import from the earlier plugin" }: { words?: string }) {
  const go = usePlace((state) => state.go);
  return (
    <Button data-testid="open-import" onClick={() => go({ view: "import" })}>
      {words}
    </Button>
  );
}
